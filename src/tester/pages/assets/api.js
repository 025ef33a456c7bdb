/** An error response. Its message says what to do. */
export class RefusedError extends Error {}

/** No response from the server. */
export class UnreachableError extends Error {}

/** Time limit of a request, in milliseconds. */
const TIMEOUT = 20_000;

/** Posts JSON, and returns the JSON of the response, or null. */
export async function post(path, body) {
  const response = await request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return response.status === 204 ? null : readJson(response);
}

/** Returns the JSON of a resource, or null. */
export async function get(path) {
  return readJson(await request(path, {}));
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(TIMEOUT) });
  } catch {
    throw new UnreachableError();
  }
  if (!response.ok) {
    const text = await response.text().catch(() => "");
    throw new RefusedError(text || `The server responded with status ${response.status}.`);
  }
  return response;
}

/** An empty response is valid, and read as null. */
async function readJson(response) {
  const text = await response.text().catch(() => {
    throw new UnreachableError();
  });
  return text === "" ? null : JSON.parse(text);
}
