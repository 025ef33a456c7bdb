import { sentence } from "./format.js";

/** Time limit of a request, in milliseconds. */
const TIMEOUT = 20_000;

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

/** Returns a path with a query, from which parameters without a value are left out. */
export function withQuery(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== null && value !== undefined && value !== false);
  const query = new URLSearchParams(given.map(([name, value]) => [name, value === true ? "1" : value]));
  return given.length ? `${path}?${query}` : path;
}

/** Returns the address of a part of the API. */
export const address = (path) => `/admin/api/${path}`;

async function request(method, path, body, { isLogin = false } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  let text;
  try {
    const signal = AbortSignal.timeout(TIMEOUT);
    response = await fetch(address(path), { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
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
  return new Failure(sentence(message ?? `The server answered with status ${status}.`), { status, retryAfter });
}

/** An answer that is empty or not JSON is read as null. */
function parse(text) {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
