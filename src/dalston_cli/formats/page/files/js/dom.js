// Making elements. Text is always text: nothing here, or in any other module, parses markup.

/** Return an element; `on` holds listeners, other properties are attributes, false leaves one out. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Return one of the icons that the page has as symbols. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Tell a screen reader something that others see. */
export function announce(text) {
  byId("announcer").textContent = text;
}

/** Return 1:02:03 or 2:03. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Keep a choice of the reader; where a browser keeps nothing for files, it lasts as long as the page. */
export function remember(name, value) {
  try {
    localStorage.setItem(`dalston-${name}`, value);
  } catch {
    // The choice holds for this page.
  }
}

export function remembered(name) {
  try {
    return localStorage.getItem(`dalston-${name}`);
  } catch {
    return null;
  }
}
