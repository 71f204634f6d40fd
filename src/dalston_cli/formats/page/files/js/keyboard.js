// Keys, and the list of them. Letters and signs can be turned off: programs for dictation send them.
import { byId, make, remember, remembered } from "./dom.js";

/** Listen to keys: `keys` maps each to what it does, and to what the help says of it. */
export function listenToKeys(keys) {
  const table = new Map(keys.flatMap(({ names, run }) => names.map((name) => [name, run])));
  const letters = byId("letters");
  letters.checked = remembered("letters") !== "off";
  letters.addEventListener("change", () => remember("letters", letters.checked ? "on" : "off"));
  addEventListener("keydown", (event) => {
    const name = nameOf(event);
    const run = table.get(name);
    const isLetter = name.length === 1;
    if (!run || isTaken(event, name) || (isLetter && !letters.checked)) return;
    event.preventDefault();
    run();
  });
  addEventListener("click", leaveClicked);
  showHelp(keys);
}

/** A mouse leaves the focus on the button it clicked, where Space would click again instead of playing. */
function leaveClicked({ target, pointerType }) {
  if (pointerType === "mouse") target.closest("button")?.blur();
}

function nameOf(event) {
  const { key } = event;
  if (event.altKey) return "";
  if (event.ctrlKey || event.metaKey) return `Ctrl+${event.shiftKey ? "Shift+" : ""}${key.toLowerCase()}`;
  return key === " " ? "Space" : key;
}

/** Return true if the key belongs to the element that has the focus, or to an open dialog. */
function isTaken({ target }, name) {
  if (document.querySelector("dialog[open]")) return true;
  if (target.closest("input, textarea, select")) return true;
  if (name === "Space") return Boolean(target.closest("button:not(.time), summary, a"));
  return false;
}

function showHelp(keys) {
  const dialog = byId("shortcuts");
  const list = dialog.querySelector("dl");
  for (const { names, says } of keys) {
    const shown = names.flatMap((name, index) => [index ? " or " : "", make("kbd", {}, labelOf(name))]);
    list.append(make("div", {}, make("dt", {}, ...shown), make("dd", {}, says)));
  }
  byId("help").addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
}

function labelOf(name) {
  const labels = { ArrowLeft: "←", ArrowRight: "→" };
  return labels[name] ?? name.replace(/\+([a-z])$/, (_, letter) => `+${letter.toUpperCase()}`);
}
