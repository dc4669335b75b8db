// What every page does in the browser: the theme switch, keys, questions before what cannot be undone, and what is
// shown when something live has ended. No inline script anywhere: pages say what they want by data attributes.
//
//   data-theme-switch          a button that turns light to dark and back, kept in a cookie that holds nothing else
//   data-key="m"               pressed anywhere but in a field, it clicks the element; shown by <kbd> in its text
//   data-confirm="…"           of a form: asked before it is sent
//   data-ended="#id"           of an element with hx-sse:connect: where the sentence goes when the stream ends
//   data-copy="#id"            a button that copies the text of an element

const root = document.documentElement;

function isDark() {
  if (root.dataset.theme) return root.dataset.theme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function switchTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Strict; Secure`;
}

function inField(element) {
  return element.closest("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("click", (event) => {
  const target = event.target;
  if (!(target instanceof Element)) return;
  if (target.closest("[data-theme-switch]")) switchTheme();
  const copy = target.closest("[data-copy]");
  if (copy) navigator.clipboard?.writeText(document.querySelector(copy.dataset.copy)?.textContent.trim() ?? "");
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || inField(event.target)) return;
  const found = [...document.querySelectorAll("[data-key]")].find(
    (one) => one.dataset.key.toLowerCase() === event.key.toLowerCase() && !one.disabled && !one.closest("[hidden]"),
  );
  if (found) {
    event.preventDefault();
    found.click();
  }
});

document.addEventListener("submit", (event) => {
  const question = event.target.dataset?.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
}, true);

// A stream's last event says why it ended (`collector/console/stream.py`); what was live then is no longer.
document.addEventListener("ended", (event) => {
  const source = event.target;
  if (!(source instanceof Element)) return;
  source.dataset.over = "true";
  const place = source.dataset.ended ? document.querySelector(source.dataset.ended) : null;
  if (!place) return;
  let says = "This has ended.";
  try {
    says = JSON.parse(event.detail.data).why || says;
  } catch {
    // What cannot be read is shown as the plain sentence.
  }
  place.textContent = says;
  place.hidden = false;
});

// What the server has ended is not asked for again.
document.addEventListener("htmx:sse:before:connection", (event) => {
  if (event.target instanceof Element && event.target.dataset.over) event.detail.connection.cancelled = true;
});

// A countdown: seconds that are left, as the server's clock had it; its words change, its sign at zero.
function shortDuration(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const at = units.findIndex(([, size]) => seconds >= size);
  if (at < 0) return "0 s";
  const [name, size] = units[at];
  const rest = units[at + 1];
  const whole = Math.floor(seconds / size);
  return rest ? `${whole} ${name} ${Math.floor((seconds % size) / rest[1])} ${rest[0]}` : `${whole} ${name}`;
}

const loaded = performance.now();
const countdowns = document.querySelectorAll("[data-seconds-left]");
if (countdowns.length) {
  setInterval(() => {
    for (const one of countdowns) {
      const left = Number(one.dataset.secondsLeft) - (performance.now() - loaded) / 1000;
      const place = one.querySelector("[data-left]");
      if (left <= 0) one.classList.add("bad");
      if (place) place.textContent = left > 0 ? shortDuration(left) : "over";
    }
  }, 1000);
}

document.querySelector("[aria-invalid='true']")?.focus();
