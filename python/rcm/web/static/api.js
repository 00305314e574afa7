// Requests to the server that this page came from, and the colours of texts it has given already.

export class ApiError extends Error {
  constructor(status, { error, hint, kind }) {
    super(error);
    Object.assign(this, { status, hint, kind });
  }
}

async function answer(response) {
  const body = await response.json().catch(() => ({ error: `the server answered ${response.status}` }));
  if (!response.ok) throw new ApiError(response.status, body);
  return body;
}

async function request(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { error: "the server does not answer", hint: "is rcm serve still running?" });
  }
}

/** GET with parameters; a list gives one parameter for each value, empty values none. */
export async function get(path, parameters = {}, signal = undefined) {
  return answer(await request(`${path}?${encode(parameters)}`, { signal }));
}

export async function post(path, body = {}) {
  const headers = { "content-type": "application/json" };
  return answer(await request(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

export function encode(parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) if (one !== undefined && one !== null && one !== "") query.append(name, one);
  }
  return query.toString();
}

/** What names a file: its path, or the path's bytes where it is not UTF-8. */
export const named = (file) => (file.path_base64 ? { path_base64: file.path_base64 } : { path: file.path });

const MOST_KEPT = 600;
const kept = new Map();
const keyOf = (result) => `${result.language}\0${result.text}`;

/** The colours of a result's text if they are known already. */
export const coloursKept = (result) => kept.get(keyOf(result));

/** Ask for the colours of those results whose texts have none yet; true if there are new ones. */
export async function fetchColours(results) {
  const missing = results.filter((result) => !kept.has(keyOf(result)) && result.language !== "text");
  if (missing.length === 0) return false;
  const texts = missing.map(({ language, text }) => ({ language, text }));
  const { tokens } = await post("/api/highlight", { texts });
  missing.forEach((result, nth) => kept.set(keyOf(result), tokens[nth]));
  for (const key of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(key);
  }
  return true;
}
