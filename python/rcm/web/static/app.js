// Wiring: the address to what is shown, what people do to the address.

import { get, post } from "./api.js";
import { $, count, duration, h } from "./dom.js";
import * as filters from "./filters.js";
import * as health from "./health.js";
import { bindKeys } from "./keys.js";
import * as results from "./results.js";
import { asked, isFiltered, read, write } from "./state.js";
import * as viewer from "./viewer.js";
import { welcome } from "./welcome.js";

const TYPING_MS = 90;
const LOOK_EVERY_MS = 15000;

let state = read(location.search);
let workspace = { roots: [], languages: [], kinds: [] };
let answered = "";
let asking = null;
let typing = 0;
let lookedAt = 0;
let typedSinceFocus = false;

const actions = {
  href: (result) => write({ ...state, view: "", open: results.placeOf(result) }),
  open: (result) => go({ open: results.placeOf(result), view: "" }, { focusFile: true }),
  related: (result) => go({ like: { ...results.placeOf(result), line: result.start_line }, open: null, view: "" }, { focusList: true }),
  close: () => closeFile(),
};

/** Change the state, the address and the page. */
async function go(changes, { replace = false, focusFile = false, focusList = false } = {}) {
  state = { ...state, ...changes };
  history[replace ? "replaceState" : "pushState"](null, "", write(state));
  await show({ focusList });
  if (focusFile) viewer.focus();
}

async function show({ focusList = false } = {}) {
  if (document.activeElement !== $("q")) $("q").value = state.q;
  filters.show(state);
  document.title = state.q ? `${state.q} · rcm` : "rcm";
  const index = state.view === "index";
  $("health-button").setAttribute("aria-pressed", String(index));
  $("list").hidden = index;
  if (index) {
    viewer.close();
    await health.show();
    return;
  }
  health.hide();
  await list();
  if (focusList) results.focusCurrent();
  if (state.open) await viewer.open(state.open, { close: closeFile, related: relatedToFile });
  else viewer.close();
}

/** Ask what the state asks, unless it is shown already. */
async function list() {
  const question = state.like ? { like: state.like, k: state.k } : asked(state);
  const key = JSON.stringify(question);
  if (key === answered) return;
  asking?.abort();
  if (!state.like && !state.q.trim()) {
    answered = key;
    present([], "", {});
    return;
  }
  asking = new AbortController();
  const { signal } = asking;
  try {
    const found = await (state.like ? related(state.like, signal) : get("/api/search", question, signal));
    answered = key;
    const title = state.like ? `${count(found.results.length, "place")} like ${found.path}:${found.line}` : `${count(found.results.length, "result")}`;
    present(found.results, `${title} in ${duration(found.seconds)}`, found.corrections ?? {});
  } catch (error) {
    if (error.name === "AbortError") return;
    answered = "";
    refuse(error);
  }
  look();
}

function related(like, signal) {
  const path = like.path ? { path: like.path } : { path_base64: like.path_base64 };
  return get("/api/related", { ...path, line: like.line, root: like.tree, k: state.k }, signal);
}

function present(found, title, corrections) {
  $("notice").hidden = true;
  const nothing = !state.like && !state.q.trim();
  $("welcome").hidden = !nothing;
  $("welcome").replaceChildren(...(nothing ? welcome(workspace, (q) => ask(q)) : []));
  $("count").textContent = title || "Search the code";
  $("count").classList.toggle("unseen", nothing);
  const words = Object.entries(corrections).map(([word, better]) => `Searched for “${better}”: the index has no “${word}”.`);
  const none = title && !found.length ? [isFiltered(state) ? "Nothing found with these filters." : "Nothing found."] : [];
  $("corrections").textContent = [...words, ...none].join(" ");
  $("corrections").hidden = !words.length && !none.length;
  if (state.like) $("count").append(" ", h("button", { class: "quiet small", type: "button", onclick: () => go({ like: null }) }, "Back to the search"));
  $("live").textContent = title;
  results.show(found, actions, workspace.roots.length > 1);
}

function refuse(error) {
  results.show([], actions, false);
  $("welcome").hidden = true;
  $("count").textContent = "No answer";
  const missing = error.kind === "IndexNotFoundError";
  const busy = missing && $("health-dot").classList.contains("busy");
  $("notice").replaceChildren(busy ? "The first index is being made; the search goes on by itself when it is there." : h("span", null, error.message), " ", busy ? "" : error.hint ?? "");
  $("notice").hidden = false;
  if (missing) health.follow();
}

function ask(q) {
  $("q").value = q;
  go({ q, like: null, open: null, view: "" });
}

function closeFile() {
  go({ open: null }).then(() => results.focusCurrent());
}

/** Code like that of the current result, or of the open file's span. */
function relatedToFile() {
  const place = state.open;
  if (place) go({ like: { ...place, line: place.start }, open: null }, { focusList: true });
}

/** Bring the index up to date if that is cheap, now and then; search again if something was new. */
async function look(now = false) {
  if ((!now && Date.now() - lookedAt < LOOK_EVERY_MS) || document.hidden) return;
  lookedAt = Date.now();
  try {
    const looked = Object.values(await post("/api/refresh", { policy: "auto" }));
    const pending = looked.reduce((sum, { pending: n }) => sum + n, 0);
    health.label(pending ? "stale" : "fresh", pending ? `${count(pending, "file")} changed` : "Up to date");
    if (looked.some(({ updated }) => updated)) again();
  } catch (error) {
    if (error.kind === "IndexNotFoundError") health.follow();
    else health.label("stale", error.status ? "Index" : "No server");
  }
}

/** Ask the same again: the index has changed. */
function again() {
  answered = "";
  viewer.forget();
  show();
}

function typed() {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const replace = typedSinceFocus;
    typedSinceFocus = true;
    go({ q: $("q").value, like: null, view: "", open: null }, { replace });
  }, TYPING_MS);
}

function submit(event) {
  event.preventDefault();
  clearTimeout(typing);
  const q = $("q").value;
  if (q !== state.q) go({ q, like: null, view: "", open: null }, { focusList: true });
  else results.focusCurrent();
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("rcm-theme", root.dataset.theme);
  } catch {
    // It holds until the page is left.
  }
}

function switchFilters() {
  const open = $("filters").classList.toggle("open");
  $("filters-button").setAttribute("aria-expanded", String(open));
}

const toggleIndex = () => go({ view: state.view === "index" ? "" : "index", open: null });

function bind() {
  $("ask").addEventListener("submit", submit);
  $("q").addEventListener("input", typed);
  $("q").addEventListener("focus", () => { typedSinceFocus = false; });
  $("health-button").addEventListener("click", toggleIndex);
  $("theme-button").addEventListener("click", switchTheme);
  $("help-button").addEventListener("click", () => $("help").showModal());
  $("filters-button").addEventListener("click", switchFilters);
  addEventListener("popstate", () => {
    state = read(location.search);
    $("q").value = state.q;
    show();
  });
  document.addEventListener("visibilitychange", () => look());
  bindKeys({
    move(step) {
      const inFile = $("file").contains(document.activeElement);
      const result = results.move(step, inFile);
      if (result && viewer.isOpen()) go({ open: results.placeOf(result) }, { replace: true });
    },
    related() {
      if ($("file").contains(document.activeElement)) relatedToFile();
      else if (results.currentResult()) actions.related(results.currentResult());
    },
    explain: () => results.explain(),
    index: toggleIndex,
    escape() {
      if (state.open) closeFile();
      else if (state.view) go({ view: "" });
      else if (state.like) go({ like: null });
      else document.activeElement?.blur();
    },
  });
}

async function start() {
  bind();
  $("q").value = state.q;
  health.build(() => { answered = ""; look(true); show(); });
  try {
    workspace = await get("/api/workspace");
  } catch (error) {
    refuse(error);
    return;
  }
  filters.build(workspace, (changes) => go({ ...changes, like: null, open: null }));
  if (workspace.roots.some(({ running }) => running)) health.follow();
  if (!state.q && !state.like && !state.open && !state.view) $("q").focus();
  await show();
  look(true);
}

start();
