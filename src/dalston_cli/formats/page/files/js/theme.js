// Dark and light: as the system has it, until the reader chooses.
import { byId, remember, remembered } from "./dom.js";

const CHOICES = ["system", "light", "dark"];
const SAYS = { system: "as the system", light: "light", dark: "dark" };

export function offerThemes(onChange) {
  let choice = remembered("theme") ?? "system";
  const show = () => {
    if (choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    byId("theme").setAttribute("aria-label", `Colours: ${SAYS[choice]}`);
    byId("theme").title = `Colours: ${SAYS[choice]}`;
  };
  byId("theme").addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    remember("theme", choice);
    show();
    onChange();
  });
  show();
}
