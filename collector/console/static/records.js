// Tree and octets of a record: what is chosen in one is marked in both.

const rows = [...document.querySelectorAll(".tree tr[data-offset]")];
const octets = [...document.querySelectorAll(".hex span[data-at]")];

function choose(row) {
  for (const one of rows) {
    const chosen = one === row;
    one.setAttribute("aria-selected", chosen ? "true" : "false");
    one.querySelector(".pick")?.setAttribute("aria-pressed", chosen ? "true" : "false");
  }
  const start = Number(row.dataset.offset);
  const stop = start + Number(row.dataset.length);
  let first = null;
  for (const one of octets) {
    const at = Number(one.dataset.at);
    const marked = at >= start && at < stop;
    one.classList.toggle("marked", marked);
    if (marked && first === null) first = one;
  }
  first?.scrollIntoView({ block: "nearest" });
}

for (const row of rows) row.querySelector(".pick")?.addEventListener("click", () => choose(row));
for (const one of octets) {
  one.addEventListener("click", () => {
    const row = document.getElementById(`n${one.dataset.node}`);
    if (row) {
      choose(row);
      row.scrollIntoView({ block: "nearest" });
    }
  });
}
