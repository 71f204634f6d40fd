// A long list of which only what is near the window is in the document.
import { lastUpTo } from "./transcript.js";

const MARGIN = 600;

export class List {
  /** `estimate(row)` guesses a height in pixels; `render(row, index)` makes the element. */
  constructor(container, { estimate, render }) {
    this.container = container;
    this.estimate = estimate;
    this.render = render;
    this.rows = [];
    this.elements = new Map();
    this.waiting = false;
    this.onUpdate = () => {};
    this.onDrop = () => {};
    this.from = -1;
    this.to = -1;
    addEventListener("scroll", () => this.schedule({ isScroll: true }), { passive: true });
    new ResizeObserver(() => this.resize()).observe(container);
  }

  /** Show other rows; those that are as they were keep their elements and their heights. */
  setRows(rows, changed = new Set()) {
    const known = new Map(this.rows.map((row, index) => [row.key, { row, height: this.heights[index] }]));
    const isKept = ({ key, isNamed }) => !changed.has(key) && known.get(key)?.row.isNamed === isNamed;
    const kept = new Set(rows.filter((row) => known.has(row.key) && isKept(row)).map(({ key }) => key));
    for (const [key, element] of this.elements) if (!kept.has(key)) this.drop(key, element);
    this.rows = rows;
    this.indexes = new Map(rows.map((row, index) => [row.key, index]));
    this.heights = Float64Array.from(rows, (row) =>
      kept.has(row.key) ? known.get(row.key).height : this.estimate(row));
    this.sum();
    this.update();
  }

  drop(key, element) {
    this.onDrop(key);
    element.remove();
    this.elements.delete(key);
  }

  sum() {
    this.offsets = new Float64Array(this.rows.length + 1);
    for (let index = 0; index < this.rows.length; index += 1) {
      this.offsets[index + 1] = this.offsets[index] + this.heights[index];
    }
  }

  schedule({ isScroll = false } = {}) {
    this.isScroll = isScroll && (this.isScroll || !this.waiting);
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.update({ isScroll: this.isScroll });
    });
  }

  resize() {
    if (this.width === this.container.clientWidth) return;
    this.width = this.container.clientWidth;
    this.heights = Float64Array.from(this.rows, (row) => this.estimate(row));
    this.sum();
    this.schedule();
  }

  /** Put the rows near the window into the document, and take the others out of it. */
  update({ isScroll = false } = {}) {
    if (!this.rows.length) {
      this.container.replaceChildren();
      return;
    }
    const top = this.container.getBoundingClientRect().top;
    const find = (height) => Math.max(0, lastUpTo(this.offsets, height, (offset) => offset));
    const last = this.rows.length - 1;
    const from = Math.min(find(-top - MARGIN), last);
    const to = Math.min(find(innerHeight - top + MARGIN), last);
    if (isScroll && from === this.from && to === this.to) return;
    Object.assign(this, { from, to });
    const anchor = this.anchor(from, to);
    const before = anchor?.getBoundingClientRect().top;
    this.fill(from, to);
    if (this.measure(from, to)) this.sum();
    this.container.style.paddingTop = `${this.offsets[from]}px`;
    this.container.style.paddingBottom = `${this.offsets[last + 1] - this.offsets[to + 1]}px`;
    const moved = anchor ? anchor.getBoundingClientRect().top - before : 0;
    if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: "instant" });
    this.onUpdate();
  }

  /** Return an element that is seen now and stays, so that it need not move. */
  anchor(from, to) {
    for (let index = from; index <= to; index += 1) {
      const element = this.elements.get(this.rows[index].key);
      if (element && element.getBoundingClientRect().bottom > 0) return element;
    }
    return null;
  }

  fill(from, to) {
    const wanted = new Set();
    for (let index = from; index <= to; index += 1) wanted.add(this.rows[index].key);
    for (const [key, element] of this.elements) if (!wanted.has(key)) this.drop(key, element);
    let place = this.container.firstChild;
    for (let index = from; index <= to; index += 1) {
      const row = this.rows[index];
      let element = this.elements.get(row.key);
      if (!element) {
        element = this.render(row, index);
        element.setAttribute("aria-setsize", this.rows.length);
        this.elements.set(row.key, element);
      }
      element.setAttribute("aria-posinset", index + 1);
      if (element === place) place = place.nextSibling;
      else this.container.insertBefore(element, place);
    }
  }

  measure(from, to) {
    let differs = false;
    for (let index = from; index <= to; index += 1) {
      const height = this.elements.get(this.rows[index].key).getBoundingClientRect().height;
      differs ||= Math.abs(height - this.heights[index]) > 0.5;
      this.heights[index] = height;
    }
    return differs;
  }

  /** Bring a row to the upper third of the window; what lies between is guessed, then corrected. */
  scrollTo(key, { smooth = false } = {}) {
    const index = this.indexes.get(key);
    if (index === undefined) return null;
    const shown = this.elements.get(key)?.getBoundingClientRect();
    if (shown && smooth) {
      scrollBy({ top: shown.top - innerHeight / 3, behavior: "smooth" });
      return this.elements.get(key);
    }
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const top = this.container.getBoundingClientRect().top + scrollY;
      scrollTo({ top: top + this.offsets[index] - innerHeight / 3, behavior: "instant" });
      this.update();
    }
    return this.elements.get(key) ?? null;
  }

  /** Return true if all of a row, or its upper part, is in sight. */
  isSeen(key, top, bottom) {
    const box = this.elements.get(key)?.getBoundingClientRect();
    return Boolean(box) && box.top >= top && Math.min(box.bottom, box.top + 80) <= bottom;
  }
}
