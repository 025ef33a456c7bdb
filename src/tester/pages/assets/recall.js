/**
 * Recall of sent texts by the up and down arrows, as on a command line. `texts` returns them, oldest
 * first; `onChange` is called when the field has another text.
 */
export function setUpRecall(field, texts, onChange) {
  /** Place in the texts, and the text that was put there; none while the user writes a new one. */
  let at = null;
  let recalled = "";

  function put(place, known) {
    at = place < known.length ? place : null;
    recalled = at === null ? "" : known[place];
    field.value = recalled;
    field.setSelectionRange(recalled.length, recalled.length);
    onChange();
  }

  /** Reports that the arrow would leave the text, instead of moving between its lines. */
  function leaves(key) {
    const { selectionStart: start, selectionEnd: end, value } = field;
    if (start !== end) return false;
    return !(key === "ArrowUp" ? value.slice(0, start) : value.slice(end)).includes("\n");
  }

  field.addEventListener("keydown", (event) => {
    const { key } = event;
    const step = { ArrowUp: -1, ArrowDown: 1 }[key];
    const isPlain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
    if (step === undefined || !isPlain || event.isComposing) return;
    // A text that was written or changed is never overwritten.
    if (field.value !== recalled || !leaves(key)) return;
    const known = texts();
    const place = (field.value === "" || at === null ? known.length : at) + step;
    if (place < 0 || place > known.length) return;
    event.preventDefault();
    put(place, known);
  });
  field.addEventListener("input", () => {
    if (field.value === "") [at, recalled] = [null, ""];
  });
}
