// Lines of code: numbers, colours, the words of the query. Numbers are drawn by the style sheet, so
// that they are not copied along.

import { h } from "./dom.js";

const MARKS = "rcm-found";
const TAB = 4;
/** Rows in one block that the browser may leave undrawn while it is out of sight. */
const BLOCK = 200;

/** One line; `tokens` is a flat list class, text, class, text or undefined. */
export function row(number, text, tokens, { cut = 0, marked = false } = {}) {
  const code = h("span", { class: "t" }, pieces(text, tokens, cut));
  return h("span", { class: marked ? "row in" : "row", "data-n": number }, code, "\n");
}

function pieces(text, tokens, cut) {
  if (!tokens) return [text.slice(cut)];
  const found = [];
  for (let at = 0; at < tokens.length; at += 2) {
    const left = Math.min(cut, tokens[at + 1].length);
    cut -= left;
    const piece = tokens[at + 1].slice(left);
    if (piece) found.push(tokens[at] ? h("span", { class: `c-${tokens[at]}` }, piece) : piece);
  }
  return found;
}

/** The lines of a result that the list shows, indentation that all of them share left out. */
export function snippet(result, colours) {
  const lines = result.text.split("\n");
  const shown = result.shown.map(({ line, marks }) => ({ line, marks, text: lines[line - result.start_line] ?? "" }));
  const cut = Math.min(...shown.filter(({ text }) => text.trim()).map(({ text }) => text.length - text.trimStart().length));
  const rows = [];
  const ranges = [];
  shown.forEach(({ line, marks, text }, nth) => {
    if (nth && line !== shown[nth - 1].line + 1) rows.push(h("span", { class: "row gap", "aria-hidden": "true" }, "\n"));
    const left = Number.isFinite(cut) ? cut : 0;
    const made = row(line, text, colours?.[line - result.start_line], { cut: left });
    rows.push(made);
    for (const [start, end] of marks) ranges.push(() => range(made.firstChild, start - left, end - left));
  });
  const code = h("pre", { class: "code", translate: "no" }, h("code", null, rows));
  return { code, ranges };
}

/** A range over characters of an element with text in nested nodes. */
function range(element, start, end) {
  const found = document.createRange();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let at = 0;
  let began = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { length } = node.data;
    if (!began && start < at + length) {
      found.setStart(node, Math.max(0, start - at));
      began = true;
    }
    if (began && end <= at + length) {
      found.setEnd(node, Math.max(0, end - at));
      return found;
    }
    at += length;
  }
  return null;
}

/** Mark words in code without changing the elements; browsers that cannot do it show none. */
export function mark(makers) {
  if (!globalThis.CSS?.highlights) return;
  const ranges = makers.map((make) => make()).filter(Boolean);
  CSS.highlights.set(MARKS, new Highlight(...ranges));
}

/** All lines of a file, those of the span marked. */
export function whole({ text, tokens, start_line }, start, end) {
  const lines = text.split("\n");
  const blocks = [];
  for (let first = 0; first < lines.length; first += BLOCK) {
    const part = lines.slice(first, first + BLOCK);
    const rows = part.map((line, nth) => {
      const number = start_line + first + nth;
      return row(number, line, tokens?.[first + nth], { marked: number >= start && number <= end });
    });
    const block = h("span", { class: "block" }, rows);
    block.style.setProperty("--rows", String(part.length));
    blocks.push(block);
  }
  const widest = lines.reduce((most, line) => Math.max(most, line.length + TAB * (line.split("\t").length - 1)), 0);
  const code = h("code", null, blocks);
  code.style.setProperty("--width", `${widest + 8}ch`);
  code.style.setProperty("--digits", `${String(start_line + lines.length).length}ch`);
  return h("pre", { class: "code", translate: "no" }, code);
}
