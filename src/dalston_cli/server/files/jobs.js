// The list of recordings: each with how far it is, and what can be done with it.
import { announce, byId, clock, make } from "./dom.js";

const ENDED = ["done", "partial", "failed", "cancelled"];
const SAYS = { queued: "waits", running: "in work", done: "done", partial: "partly done", failed: "failed", cancelled: "stopped" };

export class JobList {
  constructor(formats, actions) {
    this.formats = formats;
    this.actions = actions;
    this.rows = new Map();
    this.states = new Map();
  }

  get isActive() {
    return [...this.states.values()].some((state) => !ENDED.includes(state));
  }

  /** Show jobs, the latest first, and tell a screen reader of those that have ended. */
  show(jobs) {
    for (const job of jobs) {
      const before = this.states.get(job.id);
      if (before && before !== job.state && ENDED.includes(job.state)) announce(`${job.name}: ${SAYS[job.state]}`);
      this.states.set(job.id, job.state);
      const row = this.rows.get(job.id) ?? this.add(job.id, job.name);
      this.update(row, job);
    }
    const listed = new Set(jobs.map((job) => job.id));
    for (const [id, row] of this.rows) {
      if (listed.has(id) || typeof id === "symbol") continue;
      row.item.remove();
      this.rows.delete(id);
      this.states.delete(id);
    }
    const uploads = [...this.rows.keys()].filter((id) => typeof id === "symbol").length;
    jobs.forEach((job, at) => {
      const { item } = this.rows.get(job.id);
      const there = byId("jobs").children[uploads + at];
      if (there !== item) byId("jobs").insertBefore(item, there ?? null);
    });
    byId("no-jobs").hidden = this.rows.size > 0;
  }

  /** Show how much of a recording is sent; null when all of it is. */
  way(key, name, part) {
    if (part === null) {
      this.rows.get(key)?.item.remove();
      this.rows.delete(key);
      byId("no-jobs").hidden = this.rows.size > 0;
      return;
    }
    const row = this.rows.get(key) ?? this.add(key, name);
    say(row.state, part ? `sent: ${Math.floor(part * 100)} %` : "waits to be sent");
    row.bar.hidden = false;
    row.bar.value = part;
    byId("no-jobs").hidden = true;
  }

  add(id, name) {
    const state = make("span", { class: "state" });
    const bar = make("progress", { max: "1", "aria-label": `Progress of ${name}`, hidden: true });
    const tools = make("div", { class: "job-tools", hidden: true });
    const why = make("p", { class: "job-why", hidden: true });
    const head = make("div", { class: "job-head" }, make("span", { class: "name" }, name), state);
    const item = make("li", { class: "job" }, head, bar, why, tools);
    const row = { item, state, bar, tools, why, shown: "" };
    this.rows.set(id, row);
    byId("jobs").prepend(item);
    return row;
  }

  update(row, job) {
    row.item.dataset.state = job.state;
    say(row.state, stateOf(job));
    const part = partOf(job);
    row.bar.hidden = ENDED.includes(job.state);
    if (part === null) row.bar.removeAttribute("value");
    else row.bar.value = part;
    const why = job.error ? job.error.message : job.warnings.join("; ");
    say(row.why, why);
    row.why.hidden = !why;
    if (row.shown === job.state) return;
    row.shown = job.state;
    const held = row.tools.contains(document.activeElement);
    row.tools.replaceChildren(...this.tools(job));
    row.tools.hidden = false;
    if (held) row.tools.querySelector("button")?.focus();
  }

  tools(job) {
    const button = (text, act) =>
      make("button", { class: "plain", type: "button", "aria-label": `${text} ${job.name}`, on: { click: () => act(job) } }, text);
    const ends = button(ENDED.includes(job.state) ? "Remove" : "Stop", this.actions.remove);
    if (job.state !== "done" && job.state !== "partial") return [ends];
    const choice = make(
      "select",
      { "aria-label": `Format of ${job.name}` },
      ...this.formats.map((one) => make("option", { value: one.id, title: one.summary }, one.id)),
    );
    const download = button("Download", () => this.actions.download(job, choice.value));
    return [button("Open", this.actions.open), download, choice, ends];
  }
}

function stateOf(job) {
  const length = job.duration_s ? `, ${clock(job.duration_s)}` : "";
  if (job.state === "done" || job.state === "partial") return `${SAYS[job.state]}${length}`;
  if (job.state !== "running") return SAYS[job.state];
  const running = Object.entries(job.stages).filter(([, stage]) => stage.state === "running");
  if (!running.length) return SAYS.running;
  return running.map(([name, stage]) => (stage.total_s ? `${name} ${percent(stage)} %` : name)).join(", ");
}

function percent(stage) {
  return Math.floor((100 * stage.done_s) / stage.total_s);
}

/** Return how far the stage with the most work is, from 0 to 1; null where nothing tells. */
function partOf(job) {
  const stage = job.stages.transcribe;
  if (!stage) return null;
  if (stage.state !== "running") return 1;
  return stage.total_s ? stage.done_s / stage.total_s : null;
}

/** Change a text only where it differs, so that a screen reader and a selection are left alone. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
