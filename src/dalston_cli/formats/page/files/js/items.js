// The transcripts of a folder that is reviewed.
import { byId, clock, make } from "./dom.js";

export function showItems(items) {
  const entries = items.map(({ id, title, duration, segments, checked }) => {
    const share = segments ? Math.round((checked / segments) * 100) : 0;
    const state = !segments ? "nothing was said" : checked === segments ? "checked" : `${share} % checked`;
    const count = segments === 1 ? "1 segment" : `${segments} segments`;
    return make("li", {}, make("a", { href: `#item=${encodeURIComponent(id)}` },
      make("span", { class: "name", dir: "auto" }, title),
      make("span", { class: "at" }, `${id} · ${clock(duration)} · ${count} · ${state}`)));
  });
  const list = entries.length
    ? make("ul", { role: "list", class: "items" }, ...entries)
    : make("p", {}, "There is no transcript in this folder.");
  byId("items").replaceChildren(make("h1", {}, "Transcripts"), list);
  byId("items").hidden = false;
  document.title = "Transcripts";
}

export function showProblem(message) {
  byId("items").replaceChildren(make("h1", {}, "Dalston"), make("p", { role: "alert" }, message));
  byId("items").hidden = false;
}
