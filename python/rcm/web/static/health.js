// The index: what it holds, whether it is up to date, what the last run took; and the button to run.

import { get, post } from "./api.js";
import { $, ago, bytes, count, duration, h, number, svg } from "./dom.js";

const PHASES = ["walk", "read", "hash", "filter", "parse", "chunk", "embed", "lexical", "vectors", "commit"];
const TITLES = { walk: "Looking at files", index: "Indexing", commit: "Committing" };
const MOST_LANGUAGES = 8;
const MOST_NAMES = 200;

let source = null;
let finished = () => {};

/** `done` is called whenever a run has ended. */
export function build(done) {
  finished = done;
}

/** Show the state of all indexes. */
export async function show() {
  const box = $("health");
  box.hidden = false;
  box.setAttribute("aria-busy", "true");
  try {
    const { roots } = await get("/api/status");
    box.replaceChildren(h("h2", { class: "title" }, roots.length > 1 ? "Indexes" : "Index"), ...roots.map(card));
    if (roots.some(({ run }) => run.state === "running")) follow();
  } catch (error) {
    box.replaceChildren(h("p", { class: "notice" }, error.message, " ", error.hint));
  } finally {
    box.removeAttribute("aria-busy");
  }
}

export function hide() {
  $("health").hidden = true;
}

function card(status) {
  const { root, run } = status;
  const progress = h("div", { class: "progress", "data-root": root, hidden: run.state !== "running" }, h("progress", { max: "1", "aria-label": `Indexing ${root}` }), h("p"));
  return h("article", { class: "index" },
    h("header", null, h("div", null, h("h3", null, root.split("/").pop() || root), h("p", { class: "path" }, root)),
      h("div", { class: "acts" },
        h("button", { type: "button", disabled: run.state === "running", onclick: () => begin(root, false) }, status.exists ? "Update" : "Index"),
        status.exists && h("button", { class: "quiet", type: "button", disabled: run.state === "running", onclick: () => begin(root, true) }, "Rebuild"))),
    progress, verdict(status), run.state === "failed" && h("p", { class: "notice" }, `The last run failed: ${run.error}. ${run.hint}`),
    status.exists && tiles(status),
    h("div", { class: "plots" }, status.exists && languages(status), phases(run.report ?? status.last_run)),
    run.report && leftOut(run.report));
}

function verdict(status) {
  const { added, changed, removed } = status;
  if (status.run.state === "running") return h("p", { class: "verdict busy" }, status.exists ? "Being indexed; the index as it was still answers." : "Being indexed for the first time.");
  if (status.problem && !status.stale_fields?.length) return h("p", { class: "verdict stale" }, `Cannot be used: ${status.problem}. An update makes it anew.`);
  if (!status.exists) return h("p", { class: "verdict stale" }, "Not indexed yet.");
  if (status.stale_fields.length) return h("p", { class: "verdict stale" }, `Made otherwise (${status.stale_fields.join(", ")}): an update rebuilds it.`);
  if (status.fresh) return h("p", { class: "verdict fresh" }, "Up to date with the files on disk.", when(status));
  const parts = [[added, "added"], [changed, "changed"], [removed, "removed"]].filter(([names]) => names.length);
  const lists = parts.map(([names, what]) => h("details", null, h("summary", null, `${count(names.length, "file")} ${what}`),
    h("ul", { class: "names" }, names.slice(0, MOST_NAMES).map((name) => h("li", null, name)), names.length > MOST_NAMES && h("li", null, `and ${names.length - MOST_NAMES} more`))));
  return h("div", { class: "verdict stale" }, h("p", null, "The files on disk differ from the index.", when(status)), lists);
}

const when = ({ updated_at }) => updated_at && h("span", { class: "when", title: updated_at }, ` Updated ${ago(updated_at)}.`);

function tiles(status) {
  const pairs = [["Files", number(status.files)], ["Chunks", number(status.chunks)], ["On disk", bytes(status.index_bytes)], ["Vectors", `${status.dim} × int8`], ["Embedder", status.embedder.split(":")[0]], ["Commit", String(status.epoch)]];
  return h("dl", { class: "tiles" }, pairs.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

function languages({ languages: found }) {
  const all = Object.entries(found).sort((a, b) => b[1] - a[1]);
  const rest = all.slice(MOST_LANGUAGES).reduce((sum, [, n]) => sum + n, 0);
  const rows = [...all.slice(0, MOST_LANGUAGES), ...(rest ? [["others", rest]] : [])];
  return plot("Files by language", rows, (n) => count(n, "file"), "");
}

function phases(report) {
  if (!report) return h("figure", { class: "plot" }, h("figcaption", null, "Time by phase"), h("p", { class: "note" }, "Shown once something was indexed."));
  const rows = PHASES.map((name) => [name, report.phases[name] ?? 0]);
  const about = `${count(report.files_indexed, "file")} indexed in ${duration(report.seconds)}: ${duration(report.cpu_seconds)} of CPU, ${report.mode}, ${count(report.workers, "worker")}, ${bytes(report.peak_memory_bytes)} at the peak`;
  return plot("Busy time by phase of the last long run", rows, duration, about);
}

/** Horizontal bars, drawn to scale; the same figures as text for those who do not see them. */
function plot(title, rows, text, about) {
  const [height, gap, left, right] = [20, 4, 88, 76];
  const width = 420;
  const most = Math.max(...rows.map(([, n]) => n), 1e-9);
  const bars = rows.map(([name, n], nth) => {
    const y = nth * (height + gap);
    const length = Math.max((n / most) * (width - left - right), n > 0 ? 1.5 : 0);
    return [
      svg("text", { class: "label", x: left - 8, y: y + height / 2, "text-anchor": "end", "dominant-baseline": "central" }, name),
      svg("rect", { class: "beam", x: left, y: y + 3, width: length, height: height - 6, rx: 2 }),
      svg("text", { class: "value", x: left + length + 6, y: y + height / 2, "dominant-baseline": "central" }, text(n)),
    ];
  });
  const said = `${title}: ${rows.map(([name, n]) => `${name} ${text(n)}`).join(", ")}`;
  return h("figure", { class: "plot" }, h("figcaption", null, title),
    svg("svg", { viewBox: `0 0 ${width} ${rows.length * (height + gap)}`, role: "img", "aria-label": said }, ...bars.flat()),
    about && h("p", { class: "note" }, about));
}

function leftOut({ skipped, failures, warning }) {
  const reasons = Object.entries(skipped).sort((a, b) => b[1] - a[1]);
  if (!reasons.length && !failures.length && !warning) return null;
  return h("details", { class: "left-out" },
    h("summary", null, `${count(reasons.reduce((sum, [, n]) => sum + n, 0), "file")} left out, ${failures.length} failed`),
    warning && h("p", { class: "note" }, warning),
    h("ul", { class: "names" }, reasons.map(([reason, n]) => h("li", null, `${reason}: ${n}`)), failures.slice(0, MOST_NAMES).map(({ path, error }) => h("li", null, `${path}: ${error}`))));
}

async function begin(root, force) {
  try {
    await post("/api/index", { root, force });
    await show();
    follow();
  } catch (error) {
    $("live").textContent = error.message;
  }
}

/** Whether a run goes on; the corner tells of that then. */
export const following = () => source !== null;

/** Follow the runs by server-sent events until the last one has ended. */
export function follow() {
  if (source) return;
  source = new EventSource("/api/events");
  source.addEventListener("progress", ({ data }) => JSON.parse(data).runs.forEach(tell));
  const end = () => {
    source?.close();
    source = null;
    label("", "");
    finished();
  };
  source.addEventListener("end", end);
  source.addEventListener("error", end);
}

function tell(run) {
  if (run.state !== "running") return;
  const part = run.total ? run.done / run.total : null;
  label("busy", part === null || run.phase !== "index" ? TITLES[run.phase] ?? "Indexing" : `Indexing ${Math.floor(part * 100)} %`);
  const box = [...document.querySelectorAll(".progress")].find(({ dataset }) => dataset.root === run.root);
  if (!box) return;
  box.hidden = false;
  const bar = box.querySelector("progress");
  if (part === null) bar.removeAttribute("value");
  else bar.value = part;
  const files = run.total ? `${count(run.done, "file")} of ${number(run.total)}` : "";
  box.querySelector("p").textContent = [TITLES[run.phase], files, run.chunks && count(run.chunks, "chunk")].filter(Boolean).join(" · ");
}

/** The state in the corner: `kind` is `fresh`, `stale`, `busy` or empty. */
export function label(kind, text) {
  $("health-dot").className = `dot ${kind}`;
  $("health-label").textContent = text || "Index";
}
