// The keyboard. Single letters act only outside of fields, so that they can be typed.

import { $ } from "./dom.js";

/** `actions` has `move`, `related`, `explain`, `index` and `escape`. */
export function bindKeys(actions) {
  const keys = {
    "/": () => { $("q").focus(); $("q").select(); },
    j: () => actions.move(1),
    k: () => actions.move(-1),
    r: actions.related,
    e: actions.explain,
    i: actions.index,
    "?": () => $("help").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $("help").open) return;
    const { key, target } = event;
    const field = target.closest?.("input, select, textarea");
    if (key === "Escape") {
      actions.escape();
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      // In a select or a file the arrows have a meaning already.
      if ((field && field !== $("q")) || target.closest?.(".sheet, details, .health")) return;
      actions.move(key === "ArrowDown" ? 1 : -1);
    } else if (!field && keys[key]) {
      keys[key]();
    } else {
      return;
    }
    event.preventDefault();
  });
}
