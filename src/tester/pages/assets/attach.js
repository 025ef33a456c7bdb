import { make } from "./dom.js";
import { say } from "./notices.js";
import { fromAddress, fromFile } from "./pictures.js";

/** The pictures that go with the next message: chosen, pasted, dropped, or named by address. */
export class Attach {
  #media = [];
  #parts;

  constructor(card, parts) {
    this.#parts = parts;
    const { clip, attach, file, address, add } = parts;
    clip.addEventListener("click", () => {
      attach.hidden = !attach.hidden;
      clip.setAttribute("aria-expanded", String(!attach.hidden));
      if (!attach.hidden) file.focus();
    });
    attach.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
      if (event.key !== "Enter" || event.target !== address) return;
      event.preventDefault();
      this.#addAddress();
    });
    add.addEventListener("click", () => this.#addAddress());
    file.addEventListener("change", () => this.#addFiles(file.files));
    card.addEventListener("paste", (event) => this.#addFiles(event.clipboardData.files));
    // A text that is dragged goes into the field, as everywhere.
    const brings = (event) => event.dataTransfer.types.includes("Files");
    card.addEventListener("dragover", (event) => brings(event) && event.preventDefault());
    card.addEventListener("drop", (event) => {
      if (!brings(event)) return;
      event.preventDefault();
      this.#addFiles(event.dataTransfer.files);
    });
  }

  /** Hands over what there is, and starts anew. */
  take() {
    const taken = this.#media;
    this.put([]);
    return taken;
  }

  /** Takes back what could not be sent. */
  put(media) {
    this.#media = media;
    this.#parts.pictures.replaceChildren(...media.map((one) => this.#thumb(one)));
  }

  async #addFiles(files) {
    try {
      for (const file of files) {
        this.put([...this.#media, await fromFile(file, this.#media)]);
      }
      if (files.length > 0) this.#close();
    } catch (error) {
      say(error.message, { wrong: true });
    }
    this.#parts.file.value = "";
  }

  #addAddress() {
    const { address } = this.#parts;
    try {
      this.put([...this.#media, fromAddress(address.value.trim())]);
      address.value = "";
      this.#close();
    } catch (error) {
      say(error.message, { wrong: true });
    }
  }

  #close() {
    const { clip, attach, text } = this.#parts;
    attach.hidden = true;
    clip.setAttribute("aria-expanded", "false");
    text.focus();
  }

  #thumb(media) {
    const remove = make("button", { type: "button", className: "thumb", title: "Remove" });
    remove.setAttribute("aria-label", "Remove the picture");
    remove.append(make("img", { src: media.url, alt: "", referrerPolicy: "no-referrer" }));
    remove.addEventListener("click", () => {
      this.put(this.#media.filter((one) => one !== media));
      this.#parts.text.focus();
    });
    return remove;
  }
}
