"use strict";
// Filter boxes: each shows the lines that hold all typed words, and hides sections without any.
for (const box of document.querySelectorAll("input[data-filter]")) {
  const part = document.getElementById(box.dataset.filter);
  const lines = [...part.querySelectorAll("[data-find]")];
  const sections = [...part.querySelectorAll("section")];
  const output = box.closest(".filter").querySelector("output");
  const show = () => {
    const words = typed(box);
    let left = 0;
    for (const line of lines) {
      line.hidden = !words.every((word) => line.dataset.find.includes(word));
      left += line.hidden ? 0 : 1;
    }
    for (const section of sections) section.hidden = !section.querySelector("[data-find]:not([hidden])");
    output.textContent = words.length ? `${left} of ${lines.length}` : "";
  };
  box.addEventListener("input", show);
  window.addEventListener("hashchange", () => {
    box.value = "";
    show();
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  });
}

// The search over all values: those whose id or text holds all typed words.
const search = document.getElementById("search");
if (search) {
  const data = JSON.parse(document.getElementById("all-values").textContent);
  const found = document.getElementById("found");
  const output = search.closest(".filter").querySelector("output");
  const most = Number(search.dataset.most);
  const texts = data.values.map(([id, text]) => plain(`${id} ${text}`));
  search.addEventListener("input", () => {
    const words = typed(search);
    const hits = words.length ? data.values.filter((_, i) => words.every((word) => texts[i].includes(word))) : [];
    found.replaceChildren(...hits.slice(0, most).map(([id, text, page]) => {
      const link = document.createElement("a");
      link.href = `values/${encodeURIComponent(data.pages[page])}.html#${encodeURIComponent(id)}`;
      link.append(Object.assign(document.createElement("code"), { textContent: id }));
      const item = document.createElement("li");
      item.append(link, " ", Object.assign(document.createElement("strong"), { textContent: text }));
      return item;
    }));
    const more = hits.length > most ? `, the first ${most} shown` : "";
    output.textContent = words.length ? `${hits.length} of ${data.values.length}${more}` : "";
  });
}

// Tables sort by the column whose title is pressed; empty cells stay last.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.cells[column].dataset.raw ?? row.cells[column].textContent.trim();
    const numbers = head.classList.contains("number");
    const order = (a, b) => {
      const [first, second] = [key(a), key(b)];
      if (first === "" || second === "") return (first === "") - (second === "");
      const sign = numbers ? Number(first) - Number(second) : first < second ? -1 : first > second ? 1 : 0;
      return down ? -sign : sign;
    };
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
  }));
}

function plain(text) {
  return text.toLowerCase().replaceAll("\u2212", "-");
}

function typed(box) {
  return plain(box.value).split(/\s+/).filter(Boolean);
}
