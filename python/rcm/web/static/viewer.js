// The file panel: a whole file as it is now, at the lines that were found.

import { get, named } from "./api.js";
import { whole } from "./code.js";
import { $, count, h } from "./dom.js";

let showing = "";
let request = null;

const keyOf = (place) => JSON.stringify([place.tree, place.path, place.path_base64]);

/** Show a file at some lines; `actions` has `close` and `related`. Returns once it is there. */
export async function open(place, actions) {
  const panel = $("file");
  panel.hidden = false;
  document.body.classList.add("reading");
  if (showing === keyOf(place) && panel.querySelector("pre")) {
    remark(place);
    return;
  }
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  try {
    const file = await get("/api/file", { ...named(place), root: place.tree }, signal);
    showing = keyOf(place);
    const body = h("div", { class: "sheet", tabindex: "0", role: "region", "aria-label": `Contents of ${file.name}` }, whole(file, place.start, place.end));
    panel.replaceChildren(head(file, place, actions), body);
    scrollTo(place);
  } catch (error) {
    if (error.name === "AbortError") return;
    showing = "";
    const say = h("div", { class: "notice" }, h("p", null, error.message), error.hint && h("p", null, error.hint));
    panel.replaceChildren(head({ name: place.path ?? "", freshness: "fresh" }, place, actions), say);
  }
}

/** Hide the panel. */
export function close() {
  request?.abort();
  $("file").hidden = true;
  document.body.classList.remove("reading");
}

export const isOpen = () => !$("file").hidden;

/** Put the keyboard into the file. */
export function focus() {
  $("file").querySelector(".sheet")?.focus({ preventScroll: true });
}

/** Read the file again next time: it may have changed. */
export function forget() {
  showing = "";
}

function head(file, place, actions) {
  const at = file.name.lastIndexOf("/") + 1;
  const changed = file.freshness === "changed" && h("span", { class: "badge changed", title: "The file no longer says what was indexed." }, "Changed");
  return h("header", { class: "file-head" },
    h("button", { class: "quiet icon", type: "button", "aria-label": "Close the file", onclick: actions.close }, "×"),
    h("div", { class: "file-name" }, h("h2", null, h("span", { class: "folder" }, file.name.slice(0, at)), h("span", { class: "name" }, file.name.slice(at))),
      h("p", null, [file.language, file.total_lines && count(file.total_lines, "line")].filter(Boolean).join(" · "), " ", changed)),
    h("div", { class: "acts" },
      h("button", { class: "quiet small", type: "button", onclick: (event) => copy(event.target, `${file.name}:${place.start}`) }, "Copy path"),
      h("button", { class: "small", type: "button", "data-act": "related", onclick: () => actions.related() }, "Code like this")));
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed";
  }
  setTimeout(() => { button.textContent = "Copy path"; }, 1500);
}

function remark(place) {
  for (const row of $("file").querySelectorAll(".row")) {
    const number = Number(row.dataset.n);
    row.classList.toggle("in", number >= place.start && number <= place.end);
  }
  scrollTo(place);
}

/** Bring the lines that were found into sight: a third from the upper edge. */
function scrollTo({ start, at = start }) {
  const sheet = $("file").querySelector(".sheet");
  const row = sheet?.querySelector(`.row[data-n="${at}"]`);
  if (!row) return;
  const top = row.getBoundingClientRect().top - sheet.getBoundingClientRect().top + sheet.scrollTop;
  sheet.scrollTop = top - sheet.clientHeight / 3;
  sheet.scrollLeft = 0;
}
