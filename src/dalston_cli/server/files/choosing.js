// Choosing recordings and what is to be found in them, and sending them one after the other.
import { send } from "./api.js";
import { announce, byId, make } from "./dom.js";

/** Offer to send recordings; `onSent` gets each job, `onFailed` an error, `onWay` names and parts. */
export function offerSending({ onSent, onFailed, onWay }) {
  let chosen = [];
  const waiting = [];
  let isSending = false;

  const show = () => {
    byId("chosen").replaceChildren(...chosen.map((one) => row(one)));
    const number = chosen.length;
    byId("start").disabled = number === 0;
    byId("start").textContent = number > 1 ? `Transcribe ${number} recordings` : "Transcribe";
  };
  const row = (one) => {
    const leave = () => {
      chosen = chosen.filter((other) => other !== one);
      show();
      byId("files").focus();
    };
    const label = `Leave out ${one.name}`;
    const button = make("button", { class: "plain", type: "button", "aria-label": label, on: { click: leave } }, "Leave out");
    return make("li", {}, make("span", { class: "name" }, one.name), make("span", { class: "quiet" }, size(one.size)), button);
  };
  const add = (files) => {
    chosen = [...chosen, ...files];
    show();
    if (files.length) announce(`${chosen.length} recordings are chosen`);
  };
  const work = async () => {
    if (isSending) return;
    isSending = true;
    while (waiting.length) {
      const { recording, options, key } = waiting.shift();
      try {
        const job = await send(recording, options, (part) => onWay(key, recording.name, part));
        onWay(key, recording.name, null);
        onSent(job);
      } catch (error) {
        onWay(key, recording.name, null);
        onFailed(recording.name, error);
      }
    }
    isSending = false;
  };

  byId("files").addEventListener("change", (event) => {
    add([...event.target.files]);
    event.target.value = "";
  });
  offerDropping(add);
  byId("diarize").addEventListener("change", (event) => {
    byId("num-speakers").disabled = !event.target.checked;
  });
  byId("send").addEventListener("submit", (event) => {
    event.preventDefault();
    const options = chosenOptions();
    for (const recording of chosen) {
      const key = Symbol(recording.name);
      waiting.push({ recording, options, key });
      onWay(key, recording.name, 0);
    }
    announce(`${chosen.length} recordings are sent`);
    chosen = [];
    show();
    byId("files").focus();
    work();
  });
}

function offerDropping(add) {
  const place = byId("drop");
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    place.classList.add("is-over");
  };
  document.addEventListener("dragenter", over);
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) place.classList.remove("is-over");
  });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    place.classList.remove("is-over");
    add([...event.dataTransfer.files]);
  });
}

/** Return the options that the form has; what is left as it is, is left to the server. */
function chosenOptions() {
  const options = {};
  if (byId("model").value !== "auto") options.model = byId("model").value;
  const language = byId("language").value.trim();
  if (language) options.language = language;
  const hotwords = byId("hotwords").value.split(",").map((word) => word.trim()).filter(Boolean);
  if (hotwords.length) options.hotwords = hotwords;
  for (const name of ["diarize", "events", "emotion"]) if (byId(name).checked) options[name] = true;
  if (byId("diarize").checked && byId("num-speakers").value) options.num_speakers = Number(byId("num-speakers").value);
  if (byId("translate").checked) options.task = "translate";
  return options;
}

export function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
