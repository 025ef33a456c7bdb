/** Count of unread messages in the window's title, while the page is hidden. */
export class Unread {
  #title = document.title;
  #count = 0;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#show(0);
    });
  }

  add() {
    if (document.hidden) this.#show(this.#count + 1);
  }

  #show(count) {
    this.#count = count;
    document.title = count === 0 ? this.#title : `(${count}) ${this.#title}`;
  }
}
