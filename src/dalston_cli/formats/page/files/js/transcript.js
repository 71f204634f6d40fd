// The transcript that is shown: its segments in order, found by id and by time; changed by corrections.

const COLOURS = 8;
export const DOUBTFUL = 0.5;

export class Transcript extends EventTarget {
  constructor(data) {
    super();
    Object.assign(this, data);
    this.sort();
  }

  /** Take segments and speakers that a server sent. */
  apply({ revision, segments = [], removed = [], speakers }) {
    const gone = new Set([...removed, ...segments.map((segment) => segment.id)]);
    this.segments = [...this.segments.filter((segment) => !gone.has(segment.id)), ...segments];
    if (speakers) this.speakers = speakers;
    this.revision = Math.max(this.revision, revision);
    this.sort();
    const changed = new Set(segments.map((segment) => segment.id));
    this.dispatchEvent(new CustomEvent("change", { detail: { changed } }));
  }

  sort() {
    const places = new Map(this.segments.map((segment) => [segment.id, placeOf(segment.id)]));
    this.segments.sort((left, right) => comparePlaces(places.get(left.id), places.get(right.id)));
    this.positions = new Map(this.segments.map((segment, position) => [segment.id, position]));
    this.byStart = this.segments.map((_, position) => position);
    this.byStart.sort((left, right) => this.segments[left].start - this.segments[right].start);
    this.colours = new Map(this.speakers.map(({ id, color_index: index }) => [id, index % COLOURS]));
    this.names = new Map(this.speakers.map(({ id, name }) => [id, name]));
  }

  segment(id) {
    return this.segments[this.positions.get(id)];
  }

  colour(speaker) {
    return this.colours.get(speaker) ?? 0;
  }

  name(speaker) {
    return this.names.get(speaker) ?? speaker;
  }

  /** Return the segment that is spoken at a time, or was last, and its word; of several the latest. */
  at(time) {
    const last = lastUpTo(this.byStart, time, (position) => this.segments[position].start);
    if (last < 0) return { segment: null, word: -1 };
    let segment = this.segments[this.byStart[last]];
    for (let before = last; before >= 0 && before > last - 8; before -= 1) {
      const other = this.segments[this.byStart[before]];
      if (other.end > time) {
        segment = other;
        break;
      }
    }
    const word = lastUpTo(segment.words, time, ({ start }) => start);
    return { segment, word: word >= 0 && segment.words[word].end > time - 0.3 ? word : -1 };
  }

  /** Return the next doubtful word after one of a segment, or before it. */
  doubtful(position, word, step) {
    let at = position;
    let index = word + step;
    while (at >= 0 && at < this.segments.length) {
      const segment = this.segments[at];
      const isDoubtful = (each) => isWordDoubtful(segment, segment.words[each]);
      while (index >= 0 && index < segment.words.length && !isDoubtful(index)) index += step;
      if (index >= 0 && index < segment.words.length) return { segment, word: index };
      at += step;
      index = step > 0 ? 0 : (this.segments[at]?.words.length ?? 0) - 1;
    }
    return null;
  }
}

export function isWordDoubtful(segment, word) {
  return !segment.checked && !word.human && word.probability !== null && word.probability < DOUBTFUL;
}

/** Return the last index whose value is not above a limit, of values in order; -1 for none. */
export function lastUpTo(items, limit, valueOf) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (valueOf(items[middle]) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** `s4+7` was split off `s4` by revision 7: it stands behind `s4`, and before what was split off earlier. */
function placeOf(id) {
  const [position, ...revisions] = id.slice(1).split("+").map(Number);
  return [position, ...revisions.map((revision) => -revision)];
}

function comparePlaces(left, right) {
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    if (left[index] !== right[index]) return left[index] - right[index];
  }
  return left.length - right.length;
}
