/** Delay before a closed stream is opened again, in milliseconds. */
const RECONNECT_DELAY = 2_000;

/**
 * Follows the server's board while the page is open, and reports the connection's state: `live` or
 * `away`. The browser itself resumes a broken stream after the last event.
 */
export function follow(board, onState) {
  const source = new EventSource("/tester/live");
  const on = (name, handle) =>
    source.addEventListener(name, ({ data }) => handle(data ? JSON.parse(data) : null));
  on("reset", () => board.reset());
  on("message", (entry) => board.add(entry));
  on("fault", (injected) => board.inject(injected));
  on("ready", (activeFaults) => {
    board.ready(activeFaults ?? []);
    onState("live");
  });
  source.onerror = () => {
    onState("away");
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => follow(board, onState), RECONNECT_DELAY);
  };
}
