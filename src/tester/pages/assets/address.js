/** The phones and the topic of this page stand in its address, and so survive a reload. */

import { number, random } from "./numbers.js";

export function read() {
  const query = new URLSearchParams(location.search);
  const phones = [];
  for (const typed of query.getAll("phone")) {
    // A plus that was typed into the address bar arrives as a blank.
    const phone = number(typed.replace(/^ (?=[0-9])/, "+"));
    if (phone !== null && !phones.includes(phone)) phones.push(phone);
  }
  while (phones.length === 0 || (!query.has("phone") && phones.length < 2)) {
    phones.push(random(phones));
  }
  return { phones, topic: query.get("topic") };
}

export function write(phones, topic) {
  const query = new URLSearchParams();
  for (const phone of phones) query.append("phone", phone);
  if (topic) query.set("topic", topic);
  history.replaceState(null, "", `${location.pathname}?${query}`);
}
