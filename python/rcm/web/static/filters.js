// Filters: selects to add, chips to take away.

import { $, h } from "./dom.js";

const MODES = { hybrid: "Words and meaning", bm25: "Words only", semantic: "Meaning only" };
const CLASSES = { code: "Code", tests: "Tests", docs: "Docs", config: "Config" };
const COUNTS = [10, 20, 50];

let change = () => {};
let known = { languages: [], kinds: [], classes: [], roots: [] };

/** Build the controls; `change` is called with the parts of the state that are to be others. */
export function build(workspace, onChange) {
  [known, change] = [workspace, onChange];
}

/** Show the filters of a state. */
export function show(state) {
  const focused = document.activeElement?.dataset?.filter;
  const several = known.roots.length > 1;
  $("filters").replaceChildren(
    h("div", { class: "controls" },
      several && choice("root", "Tree", [["", "All trees"], ...known.roots.map(({ root, name }) => [root, name])], state.root),
      adder("language", "Language", known.languages, state.language),
      adder("kind", "Kind", known.kinds, state.kind),
      h("div", { class: "classes", role: "group", "aria-label": "Kind of file" }, Object.entries(CLASSES).map(([name, label]) => toggle(state, name, label))),
      glob(state.glob),
      choice("mode", "Search by", Object.entries(MODES), state.mode),
      choice("k", "Results", counts(state.k).map((n) => [String(n), `${n} results`]), String(state.k))),
    ...chips(state));
  if (focused) $("filters").querySelector(`[data-filter="${CSS.escape(focused)}"]`)?.focus();
}

const counts = (k) => (COUNTS.includes(k) ? COUNTS : [...COUNTS, k].sort((a, b) => a - b));

function options(pairs, chosen) {
  return pairs.map(([value, label]) => h("option", { value, selected: value === chosen }, label));
}

function choice(name, label, pairs, value) {
  const changed = (event) => change({ [name]: name === "k" ? Number(event.target.value) : event.target.value });
  return h("select", { "aria-label": label, "data-filter": name, class: value && pairs[0][0] !== value ? "on" : null, onchange: changed }, options(pairs, value));
}

function adder(name, label, values, chosen) {
  const left = values.filter((value) => !chosen.includes(value)).map((value) => [value, value]);
  const changed = (event) => event.target.value && change({ [name]: [...chosen, event.target.value] });
  return h("select", { "aria-label": `Add a ${label.toLowerCase()}`, "data-filter": name, class: chosen.length ? "on" : null, onchange: changed }, options([["", label], ...left], ""));
}

function toggle(state, name, label) {
  const on = state.class.includes(name);
  const next = on ? state.class.filter((one) => one !== name) : [...state.class, name];
  return h("button", { type: "button", class: "chip", "data-filter": `class-${name}`, "aria-pressed": String(on), onclick: () => change({ class: next }) }, label);
}

function glob(value) {
  const changed = (event) => change({ glob: event.target.value.trim() });
  return h("input", { type: "text", class: value ? "glob on" : "glob", "data-filter": "glob", value, placeholder: "Paths: src/** *.rs", "aria-label": "Only paths that match these globs", autocomplete: "off", autocapitalize: "off", spellcheck: "false", onchange: changed });
}

function chips(state) {
  const remove = (name, value) => () => change({ [name]: state[name].filter((one) => one !== value) });
  const made = ["language", "kind"].flatMap((name) => state[name].map((value) => h("button", { type: "button", class: "chip on", "aria-label": `Remove ${name} ${value}`, onclick: remove(name, value) }, value, h("span", { "aria-hidden": "true" }, "×"))));
  const any = made.length || state.class.length || state.glob || state.root || state.mode !== "hybrid";
  if (!any) return [];
  const clear = { language: [], kind: [], class: [], glob: "", root: "", mode: "hybrid" };
  return [h("div", { class: "chips" }, made, h("button", { type: "button", class: "quiet small", onclick: () => change(clear) }, "Clear filters"))];
}
