// Asks the server. The token is kept by this tab alone.

const KEPT = "dalston-server-token";

export class ApiError extends Error {
  constructor(status, message) {
    super(message || `The server answered ${status}.`);
    this.status = status;
  }
}

export function hasToken() {
  return Boolean(sessionStorage.getItem(KEPT));
}

export function keepToken(token) {
  if (token) sessionStorage.setItem(KEPT, token);
  else sessionStorage.removeItem(KEPT);
}

/** Ask, and return the answer as JSON; null for one without a body. */
export async function ask(method, place, body) {
  const answer = await fetched(method, place, body);
  return answer.status === 204 ? null : answer.json();
}

/** Return what is at an address as a file. */
export async function file(place) {
  return (await fetched("GET", place)).blob();
}

async function fetched(method, place, body) {
  const headers = authorization();
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer;
  try {
    answer = await fetch(place, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new ApiError(0, "The server does not answer.");
  }
  if (!answer.ok) throw new ApiError(answer.status, message(await answer.text()));
  return answer;
}

/** Send a recording, and tell how much of it is there, from 0 to 1. */
export function send(recording, options, onPart) {
  const form = new FormData();
  form.append("options", JSON.stringify(options));
  form.append("file", recording, recording.name);
  const request = new XMLHttpRequest();
  request.open("POST", "/v1/jobs");
  for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) onPart(event.loaded / event.total);
  });
  return new Promise((resolve, reject) => {
    request.addEventListener("load", () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(new ApiError(request.status, message(request.responseText)));
    });
    request.addEventListener("error", () => reject(new ApiError(0, "The connection broke off.")));
    request.send(form);
  });
}

function authorization() {
  const token = sessionStorage.getItem(KEPT);
  return token ? { authorization: `Bearer ${token}` } : {};
}

function message(text) {
  try {
    return JSON.parse(text).error.message;
  } catch {
    return "";
  }
}
