// The list of results: a plain list of links. Where each came from, its lines, and why it stands there.

import { coloursKept, fetchColours } from "./api.js";
import { mark, snippet } from "./code.js";
import { $, h } from "./dom.js";

const FRESHNESS = {
  changed: ["Changed", "The file has changed since it was indexed."],
  deleted: ["Deleted", "The file is gone; this is what was indexed."],
  lost: ["Changed here", "The file has changed and no longer has these lines; the numbers are those of the index."],
};

let shown = [];
let current = -1;
let makers = [];

/** Where a result stands, as the state has it. */
export const placeOf = (result) => ({
  path: result.path, path_base64: result.path_base64, tree: result.root,
  start: result.start_line, end: result.end_line, at: result.focus,
});

export const list = () => shown;
export const currentResult = () => shown[current];

/** Show results; `actions` has `href`, `open` and `related`, `many` says whether there are several trees. */
export function show(results, actions, many) {
  shown = results;
  current = results.length ? 0 : -1;
  const items = results.map((result, nth) => item(result, nth, actions, many));
  $("results").replaceChildren(...items);
  paint();
}

async function paint() {
  draw();
  const painted = shown;
  try {
    if (await fetchColours(painted) && painted === shown) draw();
  } catch {
    // Code without colours is still code.
  }
}

function draw() {
  makers = [];
  shown.forEach((result, nth) => {
    const { code, ranges } = snippet(result, coloursKept(result));
    $("results").children[nth].querySelector("pre").replaceWith(code);
    makers.push(...ranges);
  });
  mark(makers);
}

function item(result, nth, actions, many) {
  const why = h("button", { class: "quiet small why", type: "button", "aria-expanded": "false", onclick: () => explain(nth) }, "Why");
  const like = h("button", { class: "quiet small", type: "button", onclick: () => actions.related(result) }, "Like this");
  const link = h("a", { class: "place", href: actions.href(result), onclick: (event) => follow(event, result, nth, actions) }, place(result.name), h("span", { class: "at" }, `:${result.start_line}–${result.end_line}`));
  const head = h("div", { class: "head" },
    h("h3", null, link), freshness(result),
    h("span", { class: "score", title: "Score, comparable within one query" }, h("span", { class: "unseen" }, "score "), result.score.toFixed(2)));
  const about = h("div", { class: "about" },
    result.kind && h("span", { class: "kind" }, result.kind), result.symbol && h("span", { class: "symbol" }, result.symbol),
    h("span", { class: "language" }, result.language), many && h("span", { class: "tree" }, treeName(result.root)),
    h("span", { class: "acts" }, like, why));
  const also = result.also?.length ? h("div", { class: "also" }, "also ", result.also.map((span) => elsewhere(result, span, nth, actions))) : null;
  const body = h("article", { "aria-label": result.name }, head, about, h("pre"), also, h("div", { class: "signals", hidden: true }));
  body.addEventListener("dblclick", (event) => event.target.closest("pre") && actions.open(result));
  const element = h("li", { class: "result" }, body);
  element.addEventListener("focusin", () => select(nth));
  return element;
}

function elsewhere(result, span, nth, actions) {
  const there = { ...result, start_line: span.start_line, end_line: span.end_line, focus: span.start_line };
  return h("a", { href: actions.href(there), onclick: (event) => follow(event, there, nth, actions) },
    h("span", { class: "at" }, `${span.start_line}–${span.end_line}`), span.symbol && h("span", { class: "symbol" }, ` ${span.symbol}`));
}

const treeName = (root) => root.split("/").filter(Boolean).pop() ?? root;

function place(name) {
  const at = name.lastIndexOf("/") + 1;
  // A break is welcome after every slash, and nowhere else.
  const folders = name.slice(0, at).split("/").filter(Boolean).map((folder) => [`${folder}/`, h("wbr")]);
  return [h("span", { class: "folder" }, folders), h("span", { class: "name" }, name.slice(at))];
}

function freshness(result) {
  const [label, title] = FRESHNESS[result.anchored === false && result.freshness === "changed" ? "lost" : result.freshness] ?? [];
  return label ? h("span", { class: `badge ${result.freshness}`, title }, label) : null;
}

function follow(event, result, nth, actions) {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  select(nth);
  actions.open(result);
}

function select(nth) {
  $("results").children[current]?.classList.remove("current");
  current = nth;
  $("results").children[nth]?.classList.add("current");
}

/** Make the next or previous result the current one; focus it unless `quietly`. Returns it. */
export function move(step, quietly = false) {
  if (!shown.length) return undefined;
  const fresh = !quietly && !$("results").contains(document.activeElement) && !$("file").contains(document.activeElement);
  const next = Math.min(Math.max(fresh ? Math.max(current, 0) : current + step, 0), shown.length - 1);
  select(next);
  const element = $("results").children[next];
  if (!quietly) element.querySelector("a").focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
  return shown[next];
}

/** Focus the current result. */
export function focusCurrent() {
  $("results").children[Math.max(current, 0)]?.querySelector("a").focus();
}

/** Show or hide the parts of a result's score. */
export function explain(nth = current) {
  const element = $("results").children[nth];
  if (!element) return;
  const [why, box] = [element.querySelector(".why"), element.querySelector(".signals")];
  const open = box.hidden;
  box.hidden = !open;
  why.setAttribute("aria-expanded", String(open));
  if (open) box.replaceChildren(bars(shown[nth]));
}

function bars({ signals, score }) {
  const parts = Object.entries(signals).filter(([, points]) => points).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const most = Math.max(...parts.map(([, points]) => Math.abs(points)), 1e-9);
  const rows = parts.map(([name, points]) => {
    const bar = h("span", { class: points < 0 ? "bar minus" : "bar" });
    bar.style.setProperty("--part", String(Math.abs(points) / most));
    return h("div", null, h("dt", null, name.replaceAll("_", " ")), h("dd", null, h("span", { class: "rail" }, bar), h("span", { class: "points" }, signed(points))));
  });
  return h("dl", { "aria-label": `parts of the score ${score.toFixed(3)}` }, rows);
}

const signed = (points) => `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(3)}`;
