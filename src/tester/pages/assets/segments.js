import { post } from "./api.js";
import { count } from "./words.js";

/** Describes the size of a text, and the segments that it is billed as; empty without a server. */
export async function measure(text) {
  const size = await post("/tester/segments", { text }).catch(() => null);
  return size === null ? "" : describe(size);
}

function describe({ characters, encoding, segments, left }) {
  const parts = [
    count(characters, "character", "characters"),
    encoding,
    count(segments, "segment", "segments"),
    `${left} left`,
  ];
  return parts.join(" · ");
}
