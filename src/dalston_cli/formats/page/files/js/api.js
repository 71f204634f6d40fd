// Talks to the server of `dalston review`. Its token came with the address, and never leaves this tab.

/** Take what the address has behind its #: item, time, and the token, which is then removed from it. */
export function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get("token");
  if (token) {
    sessionStorage.setItem("dalston-token", token);
    given.delete("token");
    history.replaceState(null, "", given.size ? `#${given}` : location.pathname);
  }
  return { item: given.get("item"), time: given.has("t") ? Number(given.get("t")) : null };
}

export class ServerError extends Error {
  constructor(status, data) {
    super([data?.message ?? `The server answered ${status}.`, data?.hint].filter(Boolean).join(". "));
    this.status = status;
    this.data = data;
  }
}

export class Server {
  constructor(item) {
    this.item = item;
  }

  items() {
    return this.ask("/api/items");
  }

  transcript() {
    return this.ask(this.address("transcript"));
  }

  peaks() {
    return this.ask(this.address("peaks"));
  }

  changes(revision) {
    return this.ask(`${this.address("changes")}&since=${revision}`);
  }

  edit(revision, edit) {
    return this.ask(this.address("edits"), { revision, edit });
  }

  enrol(wanted) {
    return this.ask(this.address("voices"), wanted);
  }

  address(what) {
    return `/api/${what}?item=${encodeURIComponent(this.item)}`;
  }

  async ask(address, body) {
    const headers = { Authorization: `Bearer ${sessionStorage.getItem("dalston-token") ?? ""}` };
    if (body) headers["Content-Type"] = "application/json";
    const method = body ? "POST" : "GET";
    const answer = await fetch(address, { method, headers, body: body && JSON.stringify(body) });
    const data = await answer.json().catch(() => null);
    if (!answer.ok) throw new ServerError(answer.status, data);
    return data;
  }
}
