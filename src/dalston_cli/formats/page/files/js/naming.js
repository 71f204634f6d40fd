// A speaker's name, typed in place of the button that asks for it.
import { make } from "./dom.js";

/** Return a form with one field. `take(name)` says if the name was taken; `leave()` follows Escape and Cancel. */
export function nameField({ label, value = "", note = "", take, leave }) {
  const field = make("input", { required: true, pattern: ".*\\S.*", autocomplete: "off", spellcheck: "false", dir: "auto", "aria-label": label, placeholder: label, title: note || label });
  field.value = value;
  const cancel = make("button", { type: "button", class: "plain", on: { click: leave } }, "Cancel");
  const told = note && make("span", { class: "note" }, note);
  const submit = (event) => {
    event.preventDefault();
    const name = field.value.trim();
    if (name === value) leave();
    else take(name);
  };
  const keydown = (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    leave();
  };
  return make("form", { class: "name-field", on: { submit, keydown } },
    field, make("button", { class: "plain" }, "Save"), cancel, told || null);
}

/** Put a form in the place of an element, and the cursor into its field, all of it selected. */
export function openInPlace(form, element) {
  element.replaceWith(form);
  const field = form.querySelector("input");
  field.focus();
  field.select();
}
