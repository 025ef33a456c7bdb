/** The server refused, and says in a sentence what to do. */
export class Refused extends Error {}

/** The server did not answer at all. */
export class Away extends Error {}

const PATIENCE = 20_000;

/** Posts JSON, and answers what came back: JSON, or nothing. */
export async function post(path, body) {
  const answer = await reach(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.status === 204 ? null : read(answer);
}

export async function get(path) {
  return read(await reach(path, {}));
}

async function reach(path, options) {
  let answer;
  try {
    answer = await fetch(path, { ...options, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new Away();
  }
  if (!answer.ok) {
    throw new Refused((await answer.text().catch(() => "")) || `The server answered ${answer.status}.`);
  }
  return answer;
}

/** Some calls are answered with nothing, and that is no mistake. */
async function read(answer) {
  const text = await answer.text().catch(() => {
    throw new Away();
  });
  return text === "" ? null : JSON.parse(text);
}
