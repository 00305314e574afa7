// What stands where results will be: ways to ask, and what there is to be asked.

import { count, h } from "./dom.js";

const WAYS = [
  ["A question", "where are retries handled"],
  ["A symbol, in any spelling", "parse_config"],
  ["An error message", "connection reset by peer"],
];

/** The elements of the start page; `ask` takes a query. */
export function welcome({ roots }, ask) {
  const trees = roots.map(({ root, indexed }) => h("li", null, h("code", null, root), !indexed && h("span", { class: "note" }, " not indexed yet")));
  return [
    h("h2", { class: "lead" }, "Search by meaning, words and symbols."),
    h("ul", { class: "ways" }, WAYS.map(([what, query]) => h("li", null, h("span", null, what), h("button", { type: "button", class: "quiet", onclick: () => ask(query) }, query)))),
    h("div", { class: "trees" }, h("h3", null, count(roots.length, "tree")), h("ul", null, trees)),
    h("p", { class: "note" }, h("kbd", null, "/"), " searches, ", h("kbd", null, "j"), " ", h("kbd", null, "k"), " move, ", h("kbd", null, "Enter"), " opens, ", h("kbd", null, "?"), " shows all keys."),
  ];
}
