// Puts the page together: from the transcript in it, or from the server that it came from.
import { announce, byId } from "./dom.js";
import { Transcript } from "./transcript.js";
import { Player } from "./player.js";
import { List } from "./list.js";
import { RowView, estimateOf, fillPrinted, rowsOf } from "./rows.js";
import { Following } from "./following.js";
import { showHeading, showOverview } from "./overview.js";
import { Timeline } from "./timeline.js";
import { Search } from "./search.js";
import { listenToKeys } from "./keyboard.js";
import { Server, readAddress } from "./api.js";
import { Saving } from "./saving.js";
import { Editing } from "./editing.js";
import { showItems, showProblem } from "./items.js";
import { offerThemes } from "./theme.js";

const KNOWN_VERSION = 1;

async function start() {
  const { item, time } = readAddress();
  addEventListener("hashchange", () => readAddress().item !== item && location.reload());
  const embedded = byId("transcript");
  if (embedded) return show(JSON.parse(embedded.textContent), null, time);
  const server = new Server(item);
  try {
    if (item) return show(await server.transcript(), server, time);
    return showItems(await server.items());
  } catch (error) {
    const refused = error.status === 401 || error.status === 403;
    return showProblem(refused ? "Open the address that `dalston review` printed: it has the token." : error.message);
  }
}

function show(data, server, time) {
  if (data.version !== KNOWN_VERSION) return showProblem("This page is of another version of Dalston than its transcript.");
  byId("app").hidden = false;
  document.body.classList.toggle("without-times", data.times === false);
  const transcript = new Transcript(data);
  const player = new Player(transcript);
  const list = new List(byId("rows"), {
    estimate: (row) => estimateOf(row, byId("rows").clientWidth),
    render: (row) => view.render(row),
  });
  const editing = data.editable && server ? new Editing(transcript, new Saving(transcript, server), list, player) : null;
  const view = new RowView(transcript, editing ? { tools: (segment) => editing.tools(segment) } : {});
  const timeline = new Timeline(transcript, player);
  const following = new Following(transcript, player, list);
  const search = new Search(transcript, list, (hit) => list.scrollTo(hit.id));
  const go = (seconds) => goTo(transcript, player, list, seconds);
  const speakerTools = editing ? (speaker) => editing.speakerTools(speaker) : undefined;
  list.onUpdate = () => {
    following.refresh();
    search.highlight();
  };
  const refresh = (changed) => {
    const keepFocus = focusIn(list);
    showOverview(transcript, { go, tools: speakerTools });
    list.setRows(rowsOf(transcript), changed);
    keepFocus();
  };
  showHeading(transcript);
  refresh();
  transcript.addEventListener("change", ({ detail }) => refresh(detail.changed));
  listenToClicks(transcript, player);
  listenToKeys([...readingKeys(transcript, player, list, following), ...editingKeys(editing, following)]);
  offerThemes(() => timeline.draw());
  printWhole(transcript);
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("rows").focus();
  });
  if (time !== null) go(time);
  if (server) offerOthers(server);
  if (server && data.audio) addWaveform(transcript, server, timeline);
  if (editing && data.roster) offerEnrolling(editing, data.roster, refresh);
  return null;
}

/** Return what gives the focus back to a field that was moved, or to the same button of a row that was made anew. */
function focusIn(list) {
  const focused = document.activeElement;
  const row = focused?.closest("[data-key]");
  const index = row ? [...row.querySelectorAll("button, select")].indexOf(focused) : -1;
  return () => {
    if (focused.isConnected) {
      if (focused !== document.activeElement) focused.focus({ preventScroll: true });
      return;
    }
    if (index < 0) return;
    const others = list.elements.get(row.dataset.key)?.querySelectorAll("button, select");
    others?.[index]?.focus({ preventScroll: true });
  };
}

/** Lead back to the list, where it has other transcripts. */
async function offerOthers(server) {
  const items = await server.items().catch(() => []);
  byId("others").hidden = items.length < 2;
}

/** Measuring a recording takes the server a while, so its waveform comes later; it may have none. */
async function addWaveform(transcript, server, timeline) {
  const measured = await server.peaks().catch(() => null);
  if (!measured) return;
  Object.assign(transcript, measured);
  timeline.showWaveform();
}

/** What asks for consents is no part of a page that opens from disk. */
async function offerEnrolling(editing, roster, refresh) {
  const { Enrolling } = await import("./enrolling.js");
  editing.enrolling = new Enrolling(editing.transcript, editing.saving.server, roster);
  refresh();
}

function goTo(transcript, player, list, seconds) {
  player.seek(seconds);
  const { segment } = transcript.at(seconds + 0.01);
  if (segment) list.scrollTo(segment.id);
}

/** A click on a word, or on a time, plays from there. A word that is being selected is none. */
function listenToClicks(transcript, player) {
  byId("rows").addEventListener("click", ({ target }) => {
    const place = target.closest(".word, .time");
    if (place && (getSelection().isCollapsed || place.matches(".time"))) player.playFrom(Number(place.dataset.start));
  });
}

function readingKeys(transcript, player, list, following) {
  const place = { id: null, word: -1 };
  const step = (by) => {
    const at = transcript.positions.get(following.segment?.id) ?? -1;
    const segment = transcript.segments[Math.min(Math.max(0, at + by), transcript.segments.length - 1)];
    if (!segment) return;
    player.seek(segment.start);
    list.scrollTo(segment.id);
  };
  const doubtful = (by) => {
    const here = transcript.positions.get(place.id) ?? transcript.positions.get(following.segment?.id) ?? 0;
    const found = transcript.doubtful(here, place.id ? place.word : by > 0 ? -1 : 0, by);
    if (!found) return announce("There is no other doubtful word");
    Object.assign(place, { id: found.segment.id, word: found.word });
    return showDoubtful(found, player, list);
  };
  byId("next-doubtful").addEventListener("click", () => doubtful(1));
  byId("next-doubtful").hidden = transcript.doubtful(0, -1, 1) === null;
  return [
    { names: ["Space"], says: "Play or pause", run: () => player.toggle() },
    { names: ["ArrowLeft"], says: "Back 5 seconds", run: () => player.skip(-5) },
    { names: ["ArrowRight"], says: "Ahead 5 seconds", run: () => player.skip(5) },
    { names: ["n"], says: "Next doubtful word", run: () => doubtful(1) },
    { names: ["p"], says: "Previous doubtful word", run: () => doubtful(-1) },
    { names: ["j"], says: "Next segment", run: () => step(1) },
    { names: ["k"], says: "Previous segment", run: () => step(-1) },
    { names: ["f"], says: "Follow what is spoken", run: () => following.set(!following.isOn) },
    { names: ["<"], says: "Slower", run: () => player.changeSpeed(-1) },
    { names: [">"], says: "Faster", run: () => player.changeSpeed(1) },
    { names: ["/"], says: "Search", run: () => byId("search").focus() },
    { names: ["?"], says: "This list", run: () => byId("shortcuts").showModal() },
  ];
}

function showDoubtful({ segment, word }, player, list) {
  const row = list.scrollTo(segment.id);
  const element = row?.querySelector(`[data-word="${word}"]`);
  for (const other of document.querySelectorAll(".is-looked-at")) other.classList.remove("is-looked-at");
  element?.classList.add("is-looked-at");
  const { text, start, probability } = segment.words[word];
  player.seek(Math.max(segment.start, start - 1));
  announce(`Doubtful: ${text.trim()}, ${Math.round(probability * 100)} percent`);
}

function editingKeys(editing, following) {
  if (!editing) return [];
  const here = (run) => () => following.segment && run(following.segment.id);
  return [
    { names: ["e"], says: "Edit the segment that is spoken", run: here((id) => editing.edit(id)) },
    { names: ["c"], says: "Mark it as checked", run: here((id) => editing.check(id)) },
    { names: ["m"], says: "Merge it with the next", run: here((id) => editing.merge(id)) },
    { names: ["Ctrl+z"], says: "Undo", run: () => editing.undo() },
    { names: ["Ctrl+Shift+z", "Ctrl+y"], says: "Redo", run: () => editing.redo() },
  ];
}

/** Print all of the transcript, though only a part of it is in the document. */
function printWhole(transcript) {
  let closed = [];
  addEventListener("beforeprint", () => {
    fillPrinted(byId("printed"), transcript);
    closed = [...byId("overview").querySelectorAll("details:not([open])")];
    for (const part of closed) part.open = true;
  });
  addEventListener("afterprint", () => {
    byId("printed").replaceChildren();
    for (const part of closed) part.open = false;
  });
}

start();
