import { make } from "./dom.js";
import { sentence } from "./format.js";

/** Time limit of a request that reads a little, in milliseconds. */
const TIMEOUT = 20_000;
/** The same for any other: the server works on it for a minute, and may let it wait before. */
const LONG_TIMEOUT = 75_000;
const QUICK = new Set(["session", "overview"]);

/** A request that did not succeed. Its message says what to do. */
export class Failure extends Error {
  constructor(message, { status = 0, retryAfter = null } = {}) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Reports that no server has answered. */
  get isUnreachable() {
    return this.status === 0;
  }
}

let csrf = "";
let loggedOut = () => {};

/** Sets the function that is called when the server asks for a login. */
export function onLoggedOut(listener) {
  loggedOut = listener;
}

/** Reads who is logged in. */
export async function readSession() {
  const session = await get("session");
  csrf = session?.csrf ?? "";
  return {
    role: session?.role ?? null,
    isLocal: session?.local === true,
    version: session?.version ?? "",
    program: session?.program ?? "Crosswire",
  };
}

/** Logs in. A wrong token is a failure like any other. */
export const logIn = (token) => request("POST", "session", { token }, { isLogin: true });

export const logOut = () => request("DELETE", "session");
export const get = (path) => request("GET", path);
export const post = (path, body) => request("POST", path, body);
/** Reads a path, or posts a search, which is a pair of path and body. */
export const read = (asked) => (typeof asked === "string" ? get(asked) : post(asked.path, asked.body));

/** Saves the answer to a post as a file. */
export async function download(name, path, body) {
  const href = URL.createObjectURL(await request("POST", path, body, { isFile: true }));
  make("a", { href, download: name }).click();
  URL.revokeObjectURL(href);
}

/** Returns a path with a query, from which parameters without a value are left out. */
export function withQuery(path, parameters) {
  const given = Object.entries(present(parameters));
  const query = new URLSearchParams(given.map(([name, value]) => [name, value === true ? "1" : value]));
  return given.length ? `${path}?${query}` : path;
}

/** Returns a search by a number, which stands in no address. Fields without a value are left out. */
export const search = (path, fields) => ({ path, body: present(fields) });

function present(fields) {
  const isGiven = (value) => value !== "" && value !== null && value !== undefined && value !== false;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isGiven(value)));
}

async function request(method, path, body, { isLogin = false, isFile = false } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  let text;
  try {
    const signal = AbortSignal.timeout(QUICK.has(path) ? TIMEOUT : LONG_TIMEOUT);
    response = await fetch(`/admin/api/${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
    if (isFile && response.ok) return await response.blob();
    text = await response.text();
  } catch {
    throw new Failure("The server does not answer. It is asked again and again.");
  }
  const answer = parse(text);
  if (response.ok) return answer;
  if (response.status === 401 && !isLogin) loggedOut();
  throw failure(response, answer);
}

function failure({ status, headers }, answer) {
  const retryAfter = Number(answer?.retry_after ?? headers.get("Retry-After")) || null;
  const message = answer?.error?.message ?? (typeof answer?.error === "string" ? answer.error : null);
  return new Failure(sentence(message ?? `The server answered with status ${status}.`), {
    status,
    retryAfter,
  });
}

/** An answer that is empty or not JSON is read as null. */
function parse(text) {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
