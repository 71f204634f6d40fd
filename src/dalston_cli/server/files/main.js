// The page of `dalston serve`: recordings go up, transcripts come down.
import { ApiError, ask, file, hasToken, keepToken } from "./api.js";
import { offerSending } from "./choosing.js";
import { announce, byId, make } from "./dom.js";
import { JobList } from "./jobs.js";
import { showEngines, showModels, showStatus } from "./status.js";
import { offerThemes } from "./theme.js";

const SOON_MS = 1000;
const LATER_MS = 10000;
const DENIED = 401;
const FORBIDDEN = 403;

let list = null;
let timer = null;
let tick = 0;

const actions = {
  async remove(job) {
    await tried(() => ask("DELETE", `/v1/jobs/${job.id}`));
    announce(`${job.name} is removed`);
    refresh();
  },
  async download(job, format) {
    await tried(async () => {
      const { extension } = list.formats.find((one) => one.id === format);
      const data = await file(`/v1/jobs/${job.id}/transcript?format=${encodeURIComponent(format)}`);
      const link = make("a", { href: URL.createObjectURL(data), download: stem(job.name) + extension });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), LATER_MS);
    });
  },
  async open(job) {
    const tab = window.open("", "_blank"); // now, since browsers open none later
    await tried(async () => {
      const { path } = await ask("POST", `/v1/jobs/${job.id}/page`);
      if (tab) tab.location = path;
    }, () => tab?.close());
  },
};

async function tried(act, failed = () => {}) {
  try {
    await act();
    trouble("");
  } catch (error) {
    failed();
    if (error.status === DENIED) askToken("");
    else trouble(error.message);
  }
}

/** Ask how all jobs are, often while one is in work; and now and then how the server is. */
async function refresh() {
  clearTimeout(timer);
  let soon = false;
  try {
    list.show((await ask("GET", "/v1/jobs")).data);
    soon = list.isActive && !document.hidden;
    if (tick++ % 10 === 0 || !soon) await refreshServer();
    if (byId("trouble").dataset.kind === "away") trouble("");
  } catch (error) {
    if (error.status === DENIED) return askToken("");
    trouble(error.message, "away");
  }
  timer = setTimeout(refresh, soon ? SOON_MS : LATER_MS);
}

async function refreshServer() {
  try {
    const [status, engines] = await Promise.all([ask("GET", "/v1/system/status"), ask("GET", "/v1/engines")]);
    showStatus(status);
    showEngines(engines.data);
  } catch (error) {
    if (error.status !== FORBIDDEN) throw error; // a token may be for jobs alone
  }
}

function trouble(message, kind = "") {
  const place = byId("trouble");
  if (place.textContent !== message) place.textContent = message;
  place.dataset.kind = kind;
  place.hidden = !message;
}

function askToken(problem) {
  clearTimeout(timer);
  byId("token-problem").textContent = problem || (hasToken() ? "The token is wrong." : "");
  keepToken("");
  byId("forget-token").hidden = true;
  byId("token").value = "";
  if (!byId("ask-token").open) byId("ask-token").showModal();
}

function stem(name) {
  return name.replace(/\.[^.]+$/, "") || name;
}

async function begin() {
  try {
    const [formats, models] = await Promise.all([ask("GET", "/v1/formats"), ask("GET", "/v1/models")]);
    byId("forget-token").hidden = !hasToken();
    byId("ask-token").close();
    showModels(models.data);
    if (!list) {
      list = new JobList(formats.data, actions);
      offerSending({
        onSent: () => refresh(),
        onFailed: (name, error) => {
          if (error.status === DENIED) askToken("");
          else trouble(`${name}: ${error.message}`);
        },
        onWay: (key, name, part) => list.way(key, name, part),
      });
    }
    await refresh();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === DENIED) askToken("");
    else trouble(error.message);
  }
}

byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(byId("token").value.trim());
  begin();
});
byId("ask-token").addEventListener("cancel", (event) => event.preventDefault());
byId("forget-token").addEventListener("click", () => {
  keepToken("");
  location.reload(); // nothing stays that it showed
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && list) refresh();
});
offerThemes(() => {});
begin();
