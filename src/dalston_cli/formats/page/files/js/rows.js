// What the list shows, in the order of time: chapters, events, and segments with their words.
import { clock, make } from "./dom.js";
import { isWordDoubtful } from "./transcript.js";

const LETTER = 8.6;
const LINE = 29;

/** Return the rows of a transcript; a segment's row says if its speaker is to be named. */
export function rowsOf(transcript) {
  const marks = [
    ...transcript.chapters.map((chapter, index) => ({ kind: "chapter", key: `chapter${index}`, at: chapter })),
    ...transcript.events.map((event, index) => ({ kind: "event", key: `event${index}`, at: event })),
  ].sort((left, right) => left.at.start - right.at.start);
  const rows = [];
  let mark = 0;
  let speaker = null;
  let reached = -Infinity;
  for (const segment of transcript.segments) {
    reached = Math.max(reached, segment.start);
    for (; mark < marks.length && marks[mark].at.start <= reached; mark += 1) {
      rows.push(marks[mark]);
      if (marks[mark].kind === "chapter") speaker = null;
    }
    rows.push({ kind: "segment", key: segment.id, at: segment, isNamed: segment.speaker !== speaker });
    speaker = segment.speaker;
  }
  return [...rows, ...marks.slice(mark)];
}

/** Return a guess of a row's height in a column of a width. */
export function estimateOf(row, width) {
  if (row.kind === "chapter") return 76 + (row.at.summary ? LINE : 0);
  if (row.kind === "event") return 34;
  const lines = Math.ceil((row.at.text.length * LETTER) / Math.max(200, width - 90));
  return 8 + Math.max(1, lines) * LINE + (row.isNamed && row.at.speaker ? 40 : 0);
}

/** Makes the elements of rows. `tools(segment)` adds what corrects a segment. */
export class RowView {
  constructor(transcript, { tools = () => null } = {}) {
    this.transcript = transcript;
    this.tools = tools;
  }

  render(row) {
    if (row.kind === "chapter") return this.chapter(row);
    return row.kind === "event" ? this.event(row) : this.segment(row);
  }

  chapter({ key, at }) {
    const summary = at.summary && make("p", { class: "chapter-summary" }, at.summary);
    return make("li", { class: "chapter", "data-key": key }, make("h2", { dir: "auto" }, at.title), summary || null);
  }

  event({ key, at }) {
    return make("li", { class: "event", "data-key": key }, this.time(at.start), make("p", {}, at.label));
  }

  segment({ key, at: segment, isNamed }) {
    const { speaker } = segment;
    const name = isNamed && speaker
      ? make("p", { class: "speaker", dir: "auto" }, this.transcript.name(speaker))
      : null;
    const body = make("div", { class: "body" }, name, this.text(segment), this.tools(segment));
    return make(
      "li",
      {
        class: `segment${speaker ? ` colour${this.transcript.colour(speaker)}` : ""}${isNamed ? " turn" : ""}${segment.checked ? " checked" : ""}`,
        "data-key": key,
      },
      this.time(segment.start),
      body,
    );
  }

  time(start) {
    const label = `Play from ${clock(start)}`;
    return make("button", { type: "button", class: "time", "data-start": start, "aria-label": label }, clock(start));
  }

  text(segment) {
    const feeling = segment.emotion && make("span", { class: "emotion" }, segment.emotion, " ");
    const text = make("p", { class: "text", dir: "auto", lang: this.transcript.language ?? false });
    if (feeling) text.append(feeling);
    if (segment.words.length) text.append(...wordsOf(segment));
    else text.append(make("span", { class: "word", "data-start": segment.start }, segment.text));
    if (segment.doubtful) text.classList.add("doubtful");
    return text;
  }
}

/** Return a segment's words, each an element, with the white space between them. */
function wordsOf(segment) {
  return segment.words.flatMap((word, index) => {
    const text = word.text.trimStart();
    const space = index && text.length < word.text.length ? [" "] : [];
    const doubtful = isWordDoubtful(segment, word);
    const properties = {
      class: `word${doubtful ? " doubtful" : ""}${word.human ? " human" : ""}`,
      "data-word": index,
      "data-start": word.start,
      title: doubtful ? `Doubtful: ${Math.round(word.probability * 100)} %` : false,
    };
    return [...space, make("span", properties, text)];
  });
}

/** Fill the element that is printed with the whole transcript. */
export function fillPrinted(container, transcript) {
  const view = new RowView(transcript);
  const printed = rowsOf(transcript).map((row) => {
    if (row.kind === "chapter") return make("h2", {}, row.at.title);
    if (row.kind === "event") return make("p", { class: "event" }, `[${row.at.label}]`);
    const name = row.isNamed && row.at.speaker ? make("b", {}, `${view.transcript.name(row.at.speaker)} `) : null;
    const time = row.isNamed && transcript.times ? make("time", {}, `${clock(row.at.start)} `) : null;
    return make("p", { dir: "auto", class: row.isNamed ? "turn" : "" }, time, name, row.at.text);
  });
  container.replaceChildren(...printed);
}
