/** Close code of a connection that a newer one of the same session has replaced. */
export const REPLACED = 4409;
/** Close code for a room's token, or a session's, that is invalid or has expired. */
export const INVALID_TOKEN = 4401;

/** Close code for a frame above the server's limit. */
export const TOO_LONG = 1009;

/** Sentences for close codes after which a client does not reconnect by itself. */
const FINAL = new Map([
  [1000, ["Disconnected", "The server has closed the connection."]],
  [1003, ["Disconnected", "The server cannot read what this page sends. Please reload the page."]],
  [1007, ["Disconnected", "The server cannot read what this page sends. Please reload the page."]],
  [1008, ["Too fast", "You have sent too much at once. Wait a moment, then connect again."]],
  [TOO_LONG, ["Too long", "The message is longer than the server takes. Shorten it, and send it again."]],
  [4400, ["Disconnected", "The server cannot read what this page sends. Please reload the page."]],
  [INVALID_TOKEN, ["This link is not valid", "It is incomplete, or its time is up."]],
  [4403, ["You are out", "You have been removed, or the link does not let you in."]],
  [4404, ["There is no such room", "It has closed, or the link is incomplete."]],
  [REPLACED, ["Opened in another tab", "This conversation goes on in another tab or window."]],
  [4410, ["The room has closed", "Its time is up, and its link is worth nothing now."]],
  [4423, ["The room is locked", "Nobody else can join it. Ask those inside to unlock it."]],
  [4429, ["The room is full", "There is no more place. Try again when somebody has left."]],
]);

/** Close codes after which another attempt, on request, may succeed, with the button's label. */
const AGAIN = new Map([
  [1000, "Connect again"],
  [1008, "Connect again"],
  [TOO_LONG, "Connect again"],
  [REPLACED, "Continue here"],
  [4423, "Try again"],
  [4429, "Try again"],
]);

/**
 * Returns the title, the text and the label of a retry button, if any, for a code that is final, and
 * `null` for one after which the client reconnects by itself.
 */
export function finalClose(code) {
  const found = FINAL.get(code);
  return found ? { code, title: found[0], text: found[1], again: AGAIN.get(code) ?? null } : null;
}
