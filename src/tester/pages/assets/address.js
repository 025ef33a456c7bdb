/** The page's phones and topic, kept in the query of its address, so that they survive a reload. */

import { parseNumber, randomNumber } from "./numbers.js";

/** Reads the phones and the topic; chooses random numbers for phones that are missing. */
export function read() {
  const query = new URLSearchParams(location.search);
  const phones = [];
  for (const typed of query.getAll("phone")) {
    // A plus that is typed into the address bar is decoded as a blank.
    const phone = parseNumber(typed.replace(/^ (?=[0-9])/, "+"));
    if (phone !== null && !phones.includes(phone)) phones.push(phone);
  }
  while (phones.length === 0 || (!query.has("phone") && phones.length < 2)) {
    phones.push(randomNumber(phones));
  }
  return { phones, topic: query.get("topic") };
}

/** Replaces the phones and the topic in the address. */
export function write(phones, topic) {
  const query = new URLSearchParams();
  for (const phone of phones) query.append("phone", phone);
  if (topic) query.set("topic", topic);
  history.replaceState(null, "", `${location.pathname}?${query}`);
}
