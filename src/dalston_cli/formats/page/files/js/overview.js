// What is above and beside the transcript: title, facts, speakers, summary, chapters, action items.
import { byId, clock, make } from "./dom.js";

export function showHeading(transcript) {
  const { title, duration, speakers, language } = transcript;
  const count = speakers.length;
  const line = [clock(duration), language, count > 0 && `${count} speaker${count > 1 ? "s" : ""}`];
  document.title = title;
  document.querySelector(".bar-title").textContent = title;
  const facts = make("dl", {});
  for (const [name, value] of transcript.facts) facts.append(make("dt", {}, name), make("dd", {}, value));
  new IntersectionObserver(([heading]) => {
    document.querySelector(".bar-title").classList.toggle("is-needed", !heading.isIntersecting);
  }).observe(byId("heading"));
  byId("heading").replaceChildren(
    make("h1", { dir: "auto" }, title),
    make("p", { class: "line" }, line.filter(Boolean).join(" · ")),
    ...transcript.notes.map((note) => make("p", { class: "note" }, note)),
    make("details", { class: "facts" }, make("summary", {}, "How this was made"), facts),
  );
}

/** Show the overview; `tools(speaker)` adds what renames one, `go(seconds)` leads to a time. */
export function showOverview(transcript, { go, tools = () => null }) {
  const parts = [
    part("Summary", transcript.summary && make("p", { dir: "auto", class: "summary" }, transcript.summary)),
    part("Chapters", places(transcript.chapters, go, ({ title }) => [title])),
    part("Action items", places(transcript.action_items, go, ({ owner, text }) => [
      owner ? make("b", {}, `${transcript.name(owner)}: `) : null, text])),
    part("Speakers", speakersOf(transcript, tools)),
  ].filter(Boolean);
  byId("overview").replaceChildren(...parts);
  byId("overview").hidden = !parts.length;
}

function part(title, content) {
  if (!content) return null;
  const before = byId("overview").querySelector(`[data-part="${title}"]`);
  const isOpen = before ? before.open : matchMedia("(min-width: 1000px)").matches;
  return make("details", { open: isOpen, "data-part": title }, make("summary", {}, make("h2", {}, title)), content);
}

function places(items, go, contentOf) {
  if (!items.length) return null;
  const entries = items.map((item) => {
    const time = make("span", { class: "at" }, clock(item.start));
    const text = make("span", { dir: "auto" }, ...contentOf(item));
    const on = { click: () => go(item.start) };
    return make("li", {}, make("button", { type: "button", class: "place", on }, time, text));
  });
  return make("ol", { role: "list" }, ...entries);
}

function speakersOf(transcript, tools) {
  if (!transcript.speakers.length) return null;
  const spoken = new Map();
  for (const { speaker, start, end } of transcript.segments) {
    spoken.set(speaker, (spoken.get(speaker) ?? 0) + end - start);
  }
  const all = [...spoken.values()].reduce((sum, seconds) => sum + seconds, 0) || 1;
  const entries = transcript.speakers.map(({ id, name }) => {
    const seconds = spoken.get(id) ?? 0;
    const share = `${Math.round((seconds / all) * 100)} %`;
    const meter = make("span", { class: "meter", "aria-hidden": "true" }, make("span"));
    meter.firstChild.style.width = `${(seconds / all) * 100}%`;
    return make("li", { class: `who colour${transcript.colour(id)}` },
      make("span", { class: "name", dir: "auto" }, name), make("span", { class: "at" }, `${clock(seconds)} · ${share}`),
      tools(id), meter);
  });
  return make("ul", { role: "list", class: "people" }, ...entries);
}
