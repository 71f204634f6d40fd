// The recording: playing, seeking, its position as it moves.
import { byId, clock, icon } from "./dom.js";

export class Player extends EventTarget {
  constructor(transcript) {
    super();
    this.transcript = transcript;
    this.audio = byId("audio");
    this.wanted = null;
    byId("duration").textContent = clock(transcript.duration);
    for (const event of ["play", "pause", "ended"]) {
      this.audio.addEventListener(event, () => this.showState());
    }
    this.audio.addEventListener("seeked", () => this.tell());
    this.audio.addEventListener("timeupdate", () => this.tell());
    this.audio.addEventListener("loadedmetadata", () => this.showTrouble(""));
    this.audio.addEventListener("error", () => this.fail());
    byId("play").addEventListener("click", () => this.toggle());
    byId("back").addEventListener("click", () => this.skip(-5));
    byId("ahead").addEventListener("click", () => this.skip(5));
    byId("speed").addEventListener("change", ({ target }) => this.setSpeed(Number(target.value)));
    byId("choose").querySelector("input").addEventListener("change", ({ target }) => {
      if (target.files.length) this.load(URL.createObjectURL(target.files[0]));
    });
    if (transcript.audio) this.load(transcript.audio);
    else this.fail();
  }

  get time() {
    return this.wanted ?? this.audio.currentTime;
  }

  get isPlaying() {
    return !this.audio.paused;
  }

  load(address) {
    this.audio.src = address;
    if (this.wanted !== null) this.audio.currentTime = this.wanted;
  }

  fail() {
    const { audio } = this.transcript;
    const file = audio?.startsWith("./") && decodeURIComponent(audio.split("/").pop());
    this.showTrouble(file
      ? `The recording ${file} is not beside this page, or this browser cannot play it.`
      : "There is no recording here that this browser can play.");
  }

  showTrouble(text) {
    byId("trouble").textContent = text;
    byId("trouble").hidden = !text;
    byId("choose").hidden = !text;
    byId("play").disabled = Boolean(text);
  }

  toggle() {
    if (this.isPlaying) this.audio.pause();
    else this.play();
  }

  play() {
    this.audio.play().catch(() => this.showState());
  }

  /** Go to a time; where there is nothing to play yet, it is kept until there is. */
  seek(time) {
    const inside = Math.min(Math.max(0, time), this.transcript.duration);
    this.wanted = this.audio.readyState ? null : inside;
    if (this.audio.readyState) this.audio.currentTime = inside;
    this.tell();
  }

  playFrom(time) {
    this.seek(time);
    this.play();
  }

  skip(seconds) {
    this.seek(this.time + seconds);
  }

  setSpeed(speed) {
    this.audio.playbackRate = speed;
    byId("speed").value = String(speed);
  }

  /** Take the next faster or slower of the speeds that there are. */
  changeSpeed(step) {
    const list = byId("speed");
    const index = Math.min(Math.max(0, list.selectedIndex + step), list.options.length - 1);
    this.setSpeed(Number(list.options[index].value));
  }

  showState() {
    const button = byId("play");
    button.setAttribute("aria-label", this.isPlaying ? "Pause" : "Play");
    button.replaceChildren(icon(this.isPlaying ? "pause" : "play"));
    if (this.isPlaying) requestAnimationFrame(() => this.follow());
    this.tell();
  }

  follow() {
    if (!this.isPlaying) return;
    this.tell();
    requestAnimationFrame(() => this.follow());
  }

  tell() {
    byId("now").textContent = clock(this.time);
    this.dispatchEvent(new CustomEvent("time", { detail: this.time }));
  }
}
