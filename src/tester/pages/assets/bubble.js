import { openOnClick } from "./details.js";
import { copy, fill, make } from "./dom.js";
import { clock } from "./words.js";

/** Makes the bubble of a message. `onPicture` is called when a picture has changed its height. */
export function makeBubble(message, onPicture = () => {}) {
  const bubble = copy("bubble");
  const own = message.kind === "in";
  bubble.element.classList.add(own ? "own" : "other");
  bubble.whose.textContent = own ? "You sent:" : "You received:";
  fill(bubble.text, message.text);
  bubble.text.after(...message.media.map((media) => makePicture(media, onPicture)));
  bubble.at.dateTime = message.at;
  bubble.at.textContent = clock(message.at);
  openOnClick(bubble.element, message);
  showState(bubble, message);
  return bubble;
}

/** Shows the present state of a message in its bubble or row. */
export function showState({ element, state, reason }, message) {
  element.dataset.state = message.state;
  state.textContent = message.state;
  fill(reason, message.reason);
}

function makePicture({ url, content_type: type }, onPicture) {
  const link = () =>
    make("a", { href: url, target: "_blank", rel: "noreferrer", className: "file" }, url);
  const shown = /^data:image\//.test(url) || (/^https:/.test(url) && type.startsWith("image/"));
  if (!shown) return /^https:/.test(url) ? link() : make("span", { className: "file" }, type);
  const picture = make("img", { src: url, alt: "Picture", referrerPolicy: "no-referrer" });
  picture.addEventListener("load", onPicture);
  picture.addEventListener("error", () => {
    picture.replaceWith(url.startsWith("https:") ? link() : "A picture that cannot be shown");
  });
  return picture;
}
