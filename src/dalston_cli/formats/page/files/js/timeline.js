// The whole recording at a glance: a lane for each speaker, overlaps, events, chapters.
import { byId, clock, make } from "./dom.js";

const MOST_LANES = 6;
const LANE = 7;
const GAP = 2;
const EVENTS = 7;

export class Timeline {
  constructor(transcript, player) {
    Object.assign(this, { transcript, player, box: byId("timeline"), colours: new Map() });
    this.canvas = this.box.querySelector("canvas");
    this.box.setAttribute("aria-valuemax", Math.round(transcript.duration));
    this.box.addEventListener("pointerdown", (event) => this.drag(event));
    this.box.addEventListener("pointermove", (event) => this.point(event));
    this.box.addEventListener("pointerleave", () => this.hideTip());
    player.addEventListener("time", ({ detail }) => this.show(detail));
    transcript.addEventListener("change", () => this.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.box);
    this.show(0);
    this.showWaveform();
  }

  get lanes() {
    return Math.max(1, Math.min(this.transcript.speakers.length, MOST_LANES));
  }

  timeAt(event) {
    const { left, width } = this.box.getBoundingClientRect();
    return Math.min(Math.max(0, (event.clientX - left) / width), 1) * this.transcript.duration;
  }

  drag(event) {
    this.box.setPointerCapture(event.pointerId);
    this.player.seek(this.timeAt(event));
  }

  point(event) {
    const time = this.timeAt(event);
    if (event.buttons === 1) this.player.seek(time);
    const near = this.transcript.duration / this.box.clientWidth;
    const sound = this.transcript.events.find(({ start, end }) => start - near <= time && time <= end + near);
    const chapter = this.transcript.chapters.findLast(({ start }) => start <= time);
    const { segment } = this.transcript.at(time);
    const name = segment?.speaker && segment.end >= time ? this.transcript.name(segment.speaker) : null;
    const tip = this.box.querySelector(".tip");
    tip.textContent = [clock(time), name, sound && `[${sound.label}]`, chapter?.title].filter(Boolean).join(" · ");
    tip.hidden = false;
    const half = tip.offsetWidth / 2;
    const at = event.clientX - this.box.getBoundingClientRect().left;
    tip.style.left = `${Math.min(Math.max(half, at), this.box.clientWidth - half)}px`;
  }

  hideTip() {
    this.box.querySelector(".tip").hidden = true;
  }

  show(time) {
    const { duration } = this.transcript;
    this.box.querySelector(".playhead").style.left = `${duration ? (time / duration) * 100 : 0}%`;
    this.box.setAttribute("aria-valuenow", Math.round(time));
    this.box.setAttribute("aria-valuetext", `${clock(time)} of ${clock(duration)}`);
  }

  /** Return a colour of the style sheet as the canvas takes it. */
  colour(name) {
    if (!this.colours.has(name)) {
      this.box.style.color = `var(${name})`;
      this.colours.set(name, getComputedStyle(this.box).color);
    }
    return this.colours.get(name);
  }

  draw() {
    this.colours = new Map();
    const scale = devicePixelRatio || 1;
    const width = this.box.clientWidth;
    const height = EVENTS + this.lanes * (LANE + GAP);
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    this.canvas.style.height = `${height}px`;
    const brush = this.canvas.getContext("2d");
    brush.scale(scale, scale);
    const across = width / (this.transcript.duration || 1);
    const bar = (start, end, top, tall, colour) => {
      brush.fillStyle = colour;
      brush.fillRect(start * across, top, Math.max(1, (end - start) * across), tall);
    };
    this.drawSpeech(bar);
    for (const [start, end] of this.transcript.overlaps) {
      bar(start, end, height - 2, 2, this.colour("--overlap"));
    }
    for (const { start, end } of this.transcript.events) bar(start, end, 1, 3, this.colour("--event"));
    for (const { start } of this.transcript.chapters) {
      if (start <= 0) continue;
      brush.clearRect(start * across - 2, 0, 4, height);
      bar(start, start, 0, height, this.colour("--chapter"));
    }
  }

  drawSpeech(bar) {
    const lane = new Map(this.transcript.speakers.map(({ id }, index) => [id, Math.min(index, MOST_LANES - 1)]));
    for (const { start, end, speaker } of this.transcript.segments) {
      const colour = speaker ? `--colour${this.transcript.colour(speaker)}` : "--speech";
      bar(start, end, EVENTS + (lane.get(speaker) ?? 0) * (LANE + GAP), LANE, this.colour(colour));
    }
  }

  /** Draw the waveform where the page has the heights of one; it moves with the player. */
  showWaveform() {
    const { peaks, duration } = this.transcript;
    const box = byId("waveform");
    if (!peaks?.length || !globalThis.WaveSurfer || !box.hidden) return;
    box.hidden = false;
    globalThis.WaveSurfer.create({
      container: box.appendChild(make("div")),
      media: this.player.audio,
      peaks: [Float32Array.from(peaks, (peak) => peak / 255)],
      duration,
      height: 40,
      normalize: true,
      cspNonce: "waveform",
      waveColor: this.colour("--speech"),
      progressColor: this.colour("--accent"),
      cursorWidth: 0,
    });
  }
}
