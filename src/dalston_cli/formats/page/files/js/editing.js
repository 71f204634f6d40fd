// Correcting: the text of a segment in place, where segments begin and end, who speaks, what is checked.
import { announce, byId, make } from "./dom.js";
import { nameField, openInPlace } from "./naming.js";

export class Editing {
  constructor(transcript, saving, list, player) {
    Object.assign(this, { transcript, saving, list, player, open: null, renaming: null });
    for (const element of document.querySelectorAll(".editing")) element.hidden = false;
    byId("undo").addEventListener("click", () => this.undo());
    byId("redo").addEventListener("click", () => this.redo());
    list.container.addEventListener("dblclick", ({ target }) => this.editAt(target));
    list.onDrop = (key) => key === this.open?.id && this.commit(this.open.segment);
    transcript.addEventListener("change", ({ detail }) => this.keepDraft(detail.changed));
    transcript.addEventListener("change", () => this.leaveGone());
  }

  /** Another tab changed the segment that is open: what is typed stays, beside what is there now. */
  keepDraft(changed) {
    if (!this.open) return;
    const { id, field, segment } = this.open;
    const now = this.transcript.segment(id);
    if (now && !changed.has(id)) return;
    const draft = field.value;
    this.open.close();
    if (draft === segment.text) return;
    const wasThere = now ? `“${now.text}”` : "nothing: the segment is part of another now";
    this.saving.show("trouble", `Changed in another tab. There it is ${wasThere}. Not saved: “${draft}”`);
    if (now) queueMicrotask(() => this.edit(id, 0, draft));
  }

  undo() {
    return this.saving.send({ op: "undo" });
  }

  redo() {
    return this.saving.send({ op: "redo" });
  }

  /** Return the buttons of a segment. */
  tools(segment) {
    const { id, checked } = segment;
    const button = (text, run, properties = {}) =>
      make("button", { type: "button", class: "plain", on: { click: run }, ...properties }, text);
    const check = button(checked ? "Checked" : "Check", () => this.check(id), { "aria-pressed": String(checked), "aria-label": checked ? false : "Mark as checked" });
    return make("div", { class: "tools", role: "group", "aria-label": "Correct this segment" },
      check,
      button("Edit", () => this.edit(id)),
      button("Merge", () => this.merge(id), { "aria-label": "Merge with next" }),
      this.speakerChoice(segment));
  }

  speakerChoice({ id, speaker }) {
    const names = this.transcript.speakers.map(({ id: each, name }) => make("option", { value: each, selected: each === speaker }, name));
    const none = speaker ? [] : [make("option", { value: "", selected: true }, "no speaker")];
    const other = make("option", { value: "\u0000new" }, "another…");
    const choose = ({ target }) => this.giveTo(id, target);
    return make("select", { "aria-label": "Speaker", on: { change: choose } }, ...none, ...names, other);
  }

  async giveTo(id, list) {
    if (list.value === "\u0000new") return this.askFor(id, list);
    const taken = await this.give(id, list.value);
    if (!taken) list.value = this.transcript.segment(id)?.speaker ?? "";
    return taken;
  }

  give(id, speaker) {
    return this.saving.send({ op: "speaker", segment: id, speaker });
  }

  /** Ask for the name of a speaker that the list does not have, in its place. */
  askFor(id, list) {
    const leave = () => {
      list.value = this.transcript.segment(id)?.speaker ?? "";
      form.replaceWith(list);
      list.focus();
    };
    const take = async (name) => await this.give(id, name) && this.focusOn(id);
    const form = nameField({ label: "Name of the speaker", take, leave });
    openInPlace(form, list);
  }

  check(id) {
    const checked = !this.transcript.segment(id).checked;
    return this.saving.send({ op: "check", segment: id, checked });
  }

  merge(id) {
    const position = this.transcript.positions.get(id);
    if (position + 1 < this.transcript.segments.length) return this.saving.send({ op: "merge", segment: id });
    return announce("This is the last segment");
  }

  /** Return what renames a speaker, and enrols the voice where the server does. */
  speakerTools(speaker) {
    if (this.renaming?.speaker === speaker) return this.renaming.form;
    const on = { click: () => this.rename(speaker) };
    const rename = make("button", { type: "button", class: "plain", on, "aria-label": `Rename ${this.transcript.name(speaker)}` }, "Rename");
    return make("span", { class: "naming", "data-speaker": speaker }, rename, this.enrolling?.button(speaker));
  }

  toolsOf(speaker) {
    return [...document.querySelectorAll(".naming")].find(({ dataset }) => dataset.speaker === speaker);
  }

  rename(speaker) {
    this.leaveRenaming();
    const called = this.transcript.name(speaker);
    const form = nameField({
      label: `New name of ${called}`,
      value: called,
      note: "The name of another speaker makes them one.",
      take: (name) => this.renameTo(speaker, name),
      leave: () => this.leaveRenaming(),
    });
    openInPlace(form, this.toolsOf(speaker));
    this.renaming = { speaker, form };
  }

  /** Send a new name; where it is refused, the field stays as it is. */
  async renameTo(speaker, name) {
    if (!await this.saving.send({ op: "rename", speaker, to: name })) return;
    this.leaveRenaming();
    this.toolsOf(name)?.querySelector("button").focus();
  }

  leaveRenaming() {
    if (!this.renaming) return;
    const { speaker, form } = this.renaming;
    this.renaming = null;
    if (!form.isConnected) return;
    const tools = this.speakerTools(speaker);
    form.replaceWith(tools);
    tools.querySelector("button").focus();
  }

  /** Forget the field for the name of a speaker who is there no more. */
  leaveGone() {
    if (this.renaming && !this.transcript.names.has(this.renaming.speaker)) this.renaming = null;
  }

  editAt(target) {
    const row = target.closest(".segment");
    const word = target.closest(".word");
    if (row && word) this.edit(row.dataset.key, Number(word.dataset.word ?? 0));
  }

  /** Open the text of a segment, the cursor before one of its words. */
  edit(id, word = 0, draft = null) {
    this.open?.close();
    this.player.audio.pause();
    const segment = this.transcript.segment(id);
    const row = this.list.elements.get(id) ?? this.list.scrollTo(id);
    if (!segment || !row) return;
    const text = row.querySelector(".text");
    const field = make("textarea", { class: "text", dir: "auto", rows: 1, "aria-label": "Text of the segment", "aria-describedby": "editing-keys" });
    const keys = make("p", { class: "editing-keys", id: "editing-keys" }, "Enter saves · Ctrl+Enter splits here · Ctrl+Space plays · Escape leaves it as it was");
    field.value = draft ?? segment.text;
    const grow = () => {
      field.style.height = "auto";
      field.style.height = `${field.scrollHeight}px`;
    };
    const close = () => {
      if (this.open?.field !== field) return;
      this.open = null;
      field.replaceWith(text);
      keys.remove();
      this.list.schedule();
    };
    this.open = { id, field, segment, close };
    field.addEventListener("input", grow);
    field.addEventListener("keydown", (event) => this.key(event, segment));
    field.addEventListener("blur", () => this.commit(segment));
    text.replaceWith(field);
    field.after(keys);
    grow();
    field.focus({ preventScroll: true });
    const at = draft === null ? placeOfWord(segment, word) : draft.length;
    field.setSelectionRange(at, at);
    field.scrollIntoView({ block: "nearest" });
    this.list.schedule();
  }

  key(event, segment) {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Escape") {
      this.open.field.value = segment.text;
      this.open.close();
      this.focusOn(segment.id);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) this.split(segment);
      else this.commit(segment).then(() => this.focusOn(segment.id));
    } else if (event.ctrlKey && event.code === "Space") {
      event.preventDefault();
      this.player.toggle();
    }
  }

  focusOn(id) {
    this.list.elements.get(id)?.querySelector(".time")?.focus({ preventScroll: true });
  }

  /** Save the text that is open; where it is refused, it opens again as it was typed. */
  async commit(segment) {
    if (this.open?.id !== segment.id) return true;
    const text = this.open.field.value.replace(/\s+/g, " ").trim();
    this.open.close();
    if (text === segment.text) return true;
    const taken = await this.saving.send({ op: "text", segment: segment.id, text });
    if (!taken && this.transcript.segment(segment.id)) this.edit(segment.id, 0, text);
    return taken;
  }

  async split(segment) {
    const { field } = this.open;
    const before = field.value.slice(0, field.selectionStart).trim();
    if (!await this.commit(segment)) return;
    const now = this.transcript.segment(segment.id);
    const word = now ? wordsIn(now, before) : 0;
    if (word < 1 || word >= now.words.length) announce("There is nothing to split here");
    else await this.saving.send({ op: "split", segment: segment.id, word });
  }
}

/** Return the place of a word in the text of its segment. */
function placeOfWord(segment, word) {
  const before = segment.words.slice(0, word).map(({ text }) => text).join("").trimStart();
  const space = segment.words[word]?.text.match(/^\s*/)[0].length ?? 0;
  return word ? Math.min(before.length + space, segment.text.length) : 0;
}

/** Return how many of a segment's words the beginning of its text has. */
function wordsIn(segment, beginning) {
  const wanted = beginning.replace(/\s/g, "").length;
  let letters = 0;
  let count = 0;
  while (count < segment.words.length && letters < wanted) {
    letters += segment.words[count].text.replace(/\s/g, "").length;
    count += 1;
  }
  return count;
}
