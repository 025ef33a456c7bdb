import { read } from "./api.js";

/** Longest interval between two attempts while the server fails, in milliseconds. */
const LONGEST = 5_000;

/** Data of one path or search of the API, which are read again and again while the page is in view. */
export class Source {
  data = null;
  failure = null;
  isReading = false;
  #path;
  #every;
  #onChange;
  #timer = null;
  #reading = 0;
  #failures = 0;
  #isClosed = false;
  /** The data are those of an earlier path. */
  #isOther = false;

  /** Creates a source that is read every so many seconds, or once when `every` is 0. */
  constructor(path, every, onChange) {
    this.#path = path;
    this.#every = every * 1_000;
    this.#onChange = onChange;
    document.addEventListener("visibilitychange", this.#wake);
  }

  /** Reads the data now. A failure leaves the data that were read before. */
  async read() {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const reading = ++this.#reading;
    this.isReading = true;
    try {
      const data = await read(this.#path);
      if (reading !== this.#reading) return;
      this.data = data;
      this.failure = null;
      this.#isOther = false;
      this.#failures = 0;
    } catch (failure) {
      if (reading !== this.#reading) return;
      this.failure = failure;
      if (this.#isOther) this.data = null;
      this.#failures += 1;
    }
    this.isReading = false;
    if (this.#isClosed) return;
    this.#onChange(this);
    this.#plan();
  }

  /** Reads another path from now on, as often as is said. The data stay until there are others. */
  async follow(path, every = this.#every / 1_000) {
    this.#path = path;
    this.#every = every * 1_000;
    this.#isOther = true;
    await this.read();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#wake);
  }

  #plan() {
    if (document.hidden || !(this.#every || this.#failures)) return;
    const delay = this.#failures ? Math.min(LONGEST, 1_000 * 2 ** this.#failures) : this.#every;
    this.#timer = setTimeout(() => this.read(), delay);
  }

  #wake = () => {
    clearTimeout(this.#timer);
    if (!document.hidden && (this.#every || this.#failures)) this.read();
  };
}
