/** How long until a stream that the browser has given up on is opened anew. */
const PAUSE = 2_000;

/**
 * Follows the board for as long as the page is open, and says how that goes: `connecting`, `live`,
 * or `away`. The browser itself goes on where a broken stream stopped.
 */
export function follow(board, says) {
  const source = new EventSource("/tester/live");
  const on = (name, hear) =>
    source.addEventListener(name, ({ data }) => hear(data ? JSON.parse(data) : null));
  on("reset", () => board.reset());
  on("message", (record) => board.take(record));
  on("trouble", (injected) => board.inject(injected));
  on("ready", (injected) => {
    board.ready(injected ?? []);
    says("live");
  });
  source.onerror = () => {
    says("away");
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(board, says), PAUSE);
  };
}
