/** Keys of the store that belong to one room. */
export const ROOM_KEYS = ["token", "code", "joined", "room", "log", "draft", "outbox", "created"];

/**
 * Returns the token of the room, which this page's address or this tab holds. It is taken out of the
 * address at once, so that it is in no history, no bookmark and no screenshot.
 */
export function takeToken(store) {
  const query = new URLSearchParams(location.search).get("room");
  const token = query ?? new URLSearchParams(location.hash.slice(1)).get("room");
  if (location.search || location.hash) history.replaceState(null, "", location.pathname);
  if (token && token !== store.get("token")) {
    store.remove(...ROOM_KEYS);
    store.set("token", token);
  }
  return store.get("token");
}
