import { fillMark, make } from "./dom.js";

/** Digits of a number that tell the phones apart. */
const DIGITS = 4;

/** The row of all phones in a small window, where one of them is in view at a time. */
export function setUpStrip(phones) {
  const strip = document.getElementById("strip");

  function button(card, hue) {
    const mark = make("span", { className: "new" });
    fillMark(mark, card.unread);
    const name = card.phone.length > DIGITS ? `…${card.phone.slice(-DIGITS)}` : card.phone;
    const shown = make("button", { type: "button", title: card.phone }, name, mark);
    shown.dataset.hue = hue;
    shown.addEventListener("click", () => {
      card.element.scrollIntoView({ block: "nearest", inline: "center" });
      card.composer.focus();
    });
    return shown;
  }

  function show() {
    strip.hidden = phones.cards.length < 2;
    strip.replaceChildren(...phones.cards.map((card) => button(card, phones.hue(card.phone))));
  }

  phones.addEventListener("change", show);
  phones.addEventListener("unread", show);
}
