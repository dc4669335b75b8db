// Plots of the last hour: each series is fetched every few seconds and drawn by uPlot; its newest value stands in words.

const EVERY_MS = 5000;
const HEIGHT = 160;

function colours() {
  const style = getComputedStyle(document.documentElement);
  return { line: style.getPropertyValue("--accent").trim(), grid: style.getPropertyValue("--line").trim(), text: style.getPropertyValue("--soft").trim() };
}

function made(figure) {
  const place = figure.querySelector(".canvas");
  const look = colours();
  const axis = { stroke: look.text, grid: { stroke: look.grid }, ticks: { stroke: look.grid } };
  return new uPlot(
    { width: place.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { show: false }, axes: [axis, { ...axis, size: 64 }],
      series: [{}, { label: figure.dataset.label, stroke: look.line, width: 2, spanGaps: false }] },
    [[], []], place,
  );
}

function words(value) {
  if (value === null || value === undefined) return "no value now";
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}

async function draw(figure, plot) {
  const answer = await fetch(`/health/series/${encodeURIComponent(figure.dataset.series)}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) return false;
  const found = await answer.json();
  plot.setData([found.times_s, found.values]);
  figure.querySelector("[data-newest]").textContent = words(found.values.at(-1));
  return true;
}

const plots = [...document.querySelectorAll("[data-series]")].map((figure) => [figure, made(figure)]);

async function round() {
  const going = await Promise.all(plots.map(([figure, plot]) => draw(figure, plot).catch(() => false)));
  if (going.some(Boolean)) setTimeout(round, EVERY_MS);
}

addEventListener("resize", () => {
  for (const [figure, plot] of plots) plot.setSize({ width: figure.querySelector(".canvas").clientWidth, height: HEIGHT });
});
round();
