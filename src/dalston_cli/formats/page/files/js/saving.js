// Sends corrections one after the other, shows whether they are saved, and takes those of other tabs.
import { announce, byId } from "./dom.js";

const POLL_MS = 2000;
const RETRY_MS = 3000;

export class Saving {
  constructor(transcript, server) {
    Object.assign(this, { transcript, server, queue: [], isSending: false });
    this.show("saved", "Saved");
    setInterval(() => this.poll(), POLL_MS);
    document.addEventListener("visibilitychange", () => this.poll());
    addEventListener("beforeunload", (event) => this.queue.length && event.preventDefault());
  }

  /** Send an edit; the promise says if it was taken. */
  send(edit) {
    return new Promise((resolve) => {
      this.queue.push({ edit, resolve });
      this.work();
    });
  }

  async work() {
    if (this.isSending) return;
    this.isSending = true;
    while (this.queue.length) {
      this.show("busy", "Saving…");
      const [{ edit, resolve }] = this.queue;
      const outcome = await this.attempt(edit);
      if (outcome === "later") {
        await new Promise((wake) => setTimeout(wake, RETRY_MS));
        continue;
      }
      this.queue.shift();
      resolve(outcome === "taken");
      if (outcome === "taken") this.show("saved", "Saved");
    }
    this.isSending = false;
  }

  async attempt(edit) {
    try {
      this.transcript.apply(await this.server.edit(this.transcript.revision, edit));
      return "taken";
    } catch (error) {
      if (error.status === 409) return this.afterOthers(edit);
      if (error.status) {
        this.show("trouble", error.message);
        return "refused";
      }
      this.show("trouble", "Not saved: the server is not there. Trying again…");
      return "later";
    }
  }

  /** Another tab was first: take its changes, then repeat the edit if they did not touch its segment. */
  async afterOthers(edit) {
    const before = this.transcript.segment(edit.segment);
    const changes = await this.server.changes(this.transcript.revision).catch(() => null);
    if (!changes) return "later";
    this.take(changes);
    const isApart = edit.segment !== undefined && this.transcript.segment(edit.segment) === before;
    if (isApart && edit.op !== "merge") return this.attempt(edit);
    this.show("trouble", "Changed in another tab meanwhile. Your change was not made: look, then do it again.");
    return "refused";
  }

  async poll() {
    if (document.hidden || this.isSending) return;
    try {
      const { revision } = this.transcript;
      const changes = await this.server.changes(revision);
      if (this.isAway) this.show("saved", "Saved");
      this.isAway = false;
      if (this.isSending || (!changes.reload && changes.revision <= this.transcript.revision)) return;
      this.take(changes);
      announce("Changed in another tab");
    } catch {
      this.isAway = true;
      this.show("trouble", "The server is not there.");
    }
  }

  /** Take what others changed; where it cannot be told in parts, all is loaded again. */
  take(changes) {
    if (changes.reload) location.reload();
    else this.transcript.apply(changes);
  }

  show(state, text) {
    byId("saving").className = state;
    byId("saving").textContent = text;
  }
}
