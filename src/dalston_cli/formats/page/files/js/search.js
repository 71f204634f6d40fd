// Search in the text of all segments, whether they are in the document or not.
import { announce, byId } from "./dom.js";

const ASCII = /^[\x20-\x7e]*$/;
const MARKS = /[\u0300-\u036f]/;

/** Return text of the same length in which case and accents make no difference. */
export function folded(text) {
  if (ASCII.test(text)) return text.toLowerCase();
  return Array.from({ length: text.length }, (_, index) => foldedLetter(text[index])).join("");
}

function foldedLetter(letter) {
  const small = letter.toLowerCase();
  const one = small.length === 1 ? small : letter;
  if (one < "\u00c0") return one;
  const parts = one.normalize("NFD");
  return parts.length > 1 && MARKS.test(parts[1]) ? parts[0] : one;
}

export class Search {
  constructor(transcript, list, onFound) {
    Object.assign(this, { transcript, list, onFound, hits: [], current: -1, texts: new Map() });
    this.field = byId("search");
    this.field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.isStale = true;
      this.timer = setTimeout(() => this.search(), 120);
    });
    this.field.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.isStale) this.search();
      else this.step(1);
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.shiftKey) {
        event.preventDefault();
        this.step(-1);
      } else if (event.key === "Escape") this.clear();
    });
    byId("found-previous").addEventListener("click", () => this.step(-1));
    byId("found-next").addEventListener("click", () => this.step(1));
    transcript.addEventListener("change", ({ detail }) => {
      for (const id of detail.changed) this.texts.delete(id);
      if (this.field.value) this.search({ isQuiet: true });
    });
  }

  clear() {
    this.field.value = "";
    this.search();
    this.field.blur();
  }

  search({ isQuiet = false } = {}) {
    clearTimeout(this.timer);
    this.isStale = false;
    const wanted = folded(this.field.value.trim().replace(/\s+/g, " "));
    this.wanted = wanted;
    this.hits = [];
    for (const segment of wanted ? this.transcript.segments : []) {
      const text = this.text(segment);
      for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
        this.hits.push({ id: segment.id, at });
      }
    }
    this.current = -1;
    for (const button of ["found-previous", "found-next"]) byId(button).disabled = !this.hits.length;
    if (this.hits.length && !isQuiet) this.step(1);
    this.tell();
    this.highlight();
  }

  text(segment) {
    if (!this.texts.has(segment.id)) this.texts.set(segment.id, folded(segment.text.replace(/\s+/g, " ")));
    return this.texts.get(segment.id);
  }

  step(by) {
    const { length } = this.hits;
    if (!length) return;
    this.current = this.current < 0 && by < 0 ? length - 1 : (this.current + by + length) % length;
    this.onFound(this.hits[this.current]);
    this.tell();
    this.highlight();
  }

  tell() {
    const { length } = this.hits;
    const text = !this.wanted ? "" : length ? `${this.current + 1} of ${length}` : "none";
    byId("found").textContent = text;
    if (this.wanted && !length) announce("No match");
  }

  /** Mark the matches in the document; the elements of rows stay as they are. */
  highlight() {
    if (!globalThis.CSS?.highlights) return;
    const all = new Highlight();
    const one = new Highlight();
    for (const [index, { id, at }] of this.hits.entries()) {
      const row = this.list.elements.get(id);
      const range = row && rangeOf(row.querySelector(".text"), at, this.wanted.length);
      if (range) (index === this.current ? one : all).add(range);
    }
    CSS.highlights.set("found", all);
    CSS.highlights.set("found-now", one);
  }
}

/** Return the range of some letters of a segment's text. */
function rangeOf(element, at, length) {
  if (!element) return null;
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT, (node) =>
    node.parentNode.classList.contains("emotion") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const range = new Range();
  let before = 0;
  let isOpen = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { length: size } = node.data;
    if (!isOpen && at < before + size) {
      range.setStart(node, at - before);
      isOpen = true;
    }
    if (isOpen && at + length <= before + size) {
      range.setEnd(node, at + length - before);
      return range;
    }
    before += size;
  }
  return null;
}
