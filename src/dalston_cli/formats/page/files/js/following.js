// The segment and the word that are spoken now, and the window that follows them.
import { byId } from "./dom.js";

export class Following {
  constructor(transcript, player, list) {
    Object.assign(this, { transcript, player, list, isOn: true, segment: null });
    player.addEventListener("time", ({ detail }) => this.show(detail));
    byId("follow").addEventListener("click", () => this.set(!this.isOn));
    // A reader who scrolls wants to stay where that leads.
    for (const event of ["wheel", "touchmove"]) {
      addEventListener(event, () => this.player.isPlaying && this.set(false), { passive: true });
    }
  }

  set(isOn) {
    this.isOn = isOn;
    byId("follow").setAttribute("aria-pressed", String(isOn));
    if (isOn && this.segment) this.list.scrollTo(this.segment.id, { smooth: true });
  }

  show(time) {
    const { segment, word } = this.transcript.at(time);
    const changed = segment !== this.segment;
    this.segment = segment;
    const row = segment && this.list.elements.get(segment.id);
    this.mark("current-row", row ?? null, "is-current");
    this.mark("current-word", row?.querySelector(`[data-word="${word}"]`) ?? null, "is-now");
    if (changed && segment) this.name(segment);
    if (changed && segment && this.isOn && this.player.isPlaying) this.reveal(segment);
  }

  /** Show the marks again after rows were made anew. */
  refresh() {
    this.show(this.player.time);
  }

  reveal(segment) {
    const top = document.querySelector(".bar").getBoundingClientRect().bottom;
    const bottom = document.querySelector(".dock").getBoundingClientRect().top;
    if (!this.list.isSeen(segment.id, top, bottom)) this.list.scrollTo(segment.id, { smooth: true });
  }

  mark(name, element, mark) {
    if (this[name] === element) return;
    this[name]?.classList.remove(mark);
    element?.classList.add(mark);
    this[name] = element;
  }

  name(segment) {
    const { speaker } = segment;
    byId("speaking").className = speaker ? `colour${this.transcript.colour(speaker)}` : "";
    byId("speaking").textContent = speaker ? this.transcript.name(speaker) : "";
  }
}
