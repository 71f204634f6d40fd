// Puts a speaker on a roster of known voices, once the person agreed. Only the page of a server has it.
import { announce, make } from "./dom.js";

const LABEL = /^speaker_\d+$/i;
const KEPT = "Kept is a row of numbers that tells the voice from others, on this machine, and no sound. "
  + "That is biometric data: without the person’s consent it may not be kept.";

export class Enrolling {
  constructor(transcript, server, roster) {
    Object.assign(this, { transcript, server, roster });
  }

  /** Return the button beside a speaker. */
  button(speaker) {
    const on = { click: () => this.ask(speaker) };
    const label = `Enrol the voice of ${this.transcript.name(speaker)}`;
    return make("button", { type: "button", class: "plain", on, "aria-label": label }, "Enrol");
  }

  ask(speaker) {
    const called = this.transcript.name(speaker);
    const name = field("Name", "input", { name: "name", required: true, maxlength: 80, autocomplete: "off", value: LABEL.test(called) ? "" : called });
    const consent = field("What the person agreed to, how and when", "textarea", { name: "consent", required: true, maxlength: 1000, rows: 2, placeholder: "named in the minutes of our meetings, by e-mail of 1 March" });
    const agreed = make("label", { class: "agreed" }, make("input", { type: "checkbox", name: "agreed", required: true, autocomplete: "off" }), "This person agreed to it");
    const problem = make("p", { class: "problem", role: "alert" });
    const cancel = make("button", { type: "button", class: "plain", on: { click: () => dialog.close() } }, "Cancel");
    const form = make("form", { on: { submit: (event) => this.submit(event, speaker, dialog, problem) } },
      name, consent, agreed, problem,
      make("div", { class: "buttons" }, make("button", { class: "plain" }, "Enrol"), cancel));
    const dialog = make("dialog", { id: "enrolling", "aria-labelledby": "enrolling-title", on: { close: () => dialog.remove() } },
      make("h2", { id: "enrolling-title" }, `Enrol the voice of ${called}`),
      make("p", {}, `With the roster “${this.roster}”, Dalston names this voice in other recordings. ${KEPT}`),
      form);
    document.body.append(dialog);
    dialog.showModal();
  }

  async submit(event, speaker, dialog, problem) {
    event.preventDefault();
    const { name, consent, agreed } = event.target.elements;
    const send = event.submitter;
    send.disabled = true;
    problem.textContent = "";
    try {
      const wanted = { speaker, name: name.value, consent: consent.value, agreed: agreed.checked };
      this.done(dialog, await this.server.enrol(wanted));
    } catch (error) {
      problem.textContent = error.status ? error.message : "Not enrolled: the server is not there.";
    }
    send.disabled = false;
  }

  done(dialog, { name, samples, seconds, sounds_like: alike = [] }) {
    const told = `${name} is on the roster “${this.roster}”, with ${samples} sample${samples > 1 ? "s" : ""} and ${Math.round(seconds)} seconds of speech.`;
    const warnings = alike.map((other) => make("p", { class: "problem" }, `${name} sounds like ${other}: where they cannot be told apart, both stay unknown.`));
    const close = make("button", { type: "button", class: "plain", autofocus: true, on: { click: () => dialog.close() } }, "Close");
    dialog.querySelector("form").replaceWith(make("p", { class: "told" }, told), ...warnings, make("div", { class: "buttons" }, close));
    close.focus();
    announce(told);
  }
}

function field(label, tag, { value = "", ...properties }) {
  const element = make(tag, properties);
  element.value = value;
  return make("label", {}, label, element);
}
