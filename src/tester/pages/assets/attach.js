import { make } from "./dom.js";
import { showNotice } from "./notices.js";
import { fromAddress, fromFile } from "./pictures.js";

/** The pictures of the next message: chosen, pasted, dropped, or given by address. */
export class Attachments {
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
    // Dragged text is left to the browser, which inserts it into the field.
    const hasFiles = (event) => event.dataTransfer.types.includes("Files");
    card.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    card.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.#addFiles(event.dataTransfer.files);
    });
  }

  /** Returns the pictures, and removes them here. */
  take() {
    const taken = this.#media;
    this.put([]);
    return taken;
  }

  /** Replaces the pictures, for instance with those that could not be sent. */
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
      showNotice(error.message, { isError: true });
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
      showNotice(error.message, { isError: true });
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
