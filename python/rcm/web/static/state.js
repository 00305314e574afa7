// What the page shows is what its address says: the back button works, and an address can be shared.

import { encode, named } from "./api.js";

const MODES = ["hybrid", "bm25", "semantic"];
export const DEFAULT_K = 10;

/** The state of an address. */
export function read(search) {
  const query = new URLSearchParams(search);
  const file = query.get("path") ? { path: query.get("path") } : { path_base64: query.get("path_base64") };
  const [start, end] = (query.get("lines") ?? "").split("-").map(Number);
  const k = Number(query.get("k"));
  const known = file.path || file.path_base64;
  const like = Number(query.get("like"));
  return {
    q: query.get("q") ?? "",
    language: query.getAll("language"),
    kind: query.getAll("kind"),
    class: query.getAll("class"),
    glob: query.get("glob") ?? "",
    root: query.get("root") ?? "",
    mode: MODES.includes(query.get("mode")) ? query.get("mode") : "hybrid",
    k: Number.isInteger(k) && k > 0 ? k : DEFAULT_K,
    view: query.get("view") === "index" ? "index" : "",
    open: known ? { ...file, tree: query.get("tree") ?? "", start: start || 1, end: end || start || 1 } : null,
    like: readLike(query, like),
  };
}

function readLike(query, line) {
  const path = query.get("like_path");
  const path_base64 = query.get("like_path_base64");
  if (!(line > 0) || !(path || path_base64)) return null;
  return { ...(path ? { path } : { path_base64 }), line, tree: query.get("like_tree") ?? "" };
}

/** The address of a state. */
export function write(state) {
  const { q, language, kind, glob, root, view, open, like } = state;
  const parameters = { q, language, kind, class: state.class, glob, root, view };
  if (state.mode !== "hybrid") parameters.mode = state.mode;
  if (state.k !== DEFAULT_K) parameters.k = state.k;
  if (like) {
    for (const [name, value] of Object.entries(named(like))) parameters[`like_${name}`] = value;
    Object.assign(parameters, { like: like.line, like_tree: like.tree });
  }
  if (open) Object.assign(parameters, named(open), { tree: open.tree, lines: `${open.start}-${open.end}` });
  const query = encode(parameters);
  return query ? `/?${query}` : "/";
}

/** The parameters of `/api/search`. */
export function asked({ q, language, kind, class: classes, glob, root, mode, k }) {
  const globs = glob.split(/\s+/).filter(Boolean);
  return { q, language, kind, class: classes, glob: globs, root, mode, k };
}

export const isFiltered = (state) =>
  Boolean(state.language.length || state.kind.length || state.class.length || state.glob || state.root)
  || state.mode !== "hybrid";
