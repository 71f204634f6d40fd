// The state of the server: its work, its machine, its models and engines.
import { byId, make } from "./dom.js";

/** Fill the choice of models and the list of those that are installed. */
export function showModels(models) {
  const own = models.filter((model) => model.owned_by === "dalston");
  const before = byId("model").value;
  const [first] = byId("model").options;
  byId("model").replaceChildren(first, ...own.map((model) => make("option", { value: model.id }, model.name || model.id)));
  byId("model").value = own.some((model) => model.id === before) ? before : "auto";
  byId("num-models").textContent = own.length;
  byId("models").replaceChildren(
    ...own.map((model) => line(model.name || model.id, model.id, `engine ${model.engine}`, model.licence)),
  );
}

export function showEngines(engines) {
  byId("num-engines").textContent = engines.length;
  byId("engines").replaceChildren(
    ...engines.map((engine) => line(engine.name, engine.summary, ...engine.running.map(process))),
  );
}

export function showStatus(status) {
  const { jobs, machine } = status;
  const figures = {
    "Version": status.version,
    "Requests that wait": jobs.waiting,
    "Recordings at once": jobs.at_once,
    "Processors": `${machine.cpus}, load ${machine.load_1min.toFixed(1)}`,
    "Free memory": `${gb(machine.free_ram_mb)} of ${gb(machine.ram_mb)}`,
    "Free disk": gb(machine.free_disk_mb),
  };
  byId("status").replaceChildren(
    ...Object.entries(figures).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, String(value)))),
  );
}

function line(name, ...more) {
  const said = more.filter(Boolean).map((text) => make("span", { class: "quiet" }, text));
  return make("li", {}, make("span", { class: "name" }, name), ...said);
}

function process(one) {
  const memory = one.rss_mb ? `, ${gb(one.rss_mb)}` : "";
  return `${one.state} on ${one.device}${one.model ? `: ${one.model}` : ""}${memory}`;
}

function gb(megabytes) {
  return `${(megabytes / 1000).toFixed(1)} GB`;
}
