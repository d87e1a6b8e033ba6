/** Characters shown on either side of one in which texts differ. */
const CONTEXT = 6;
const GAP = '…';

/**
 * Cuts texts to a width so that texts which differ still look different: what is cut out of a text is what it
 * has in common with those most like it. A text whose differences take more room than the width is longer.
 */
export function truncateDistinct(texts: readonly string[], width: number): string[] {
  const unique = [...new Set(texts)].sort();
  const places = branchPlaces(unique);
  const cuts = new Map(unique.map((text, index) => [text, cut(text, places[index] as number[], width)]));
  const counts = new Map<string, number>();
  for (const shown of cuts.values()) counts.set(shown, (counts.get(shown) ?? 0) + 1);
  return texts.map((text) => {
    const shown = cuts.get(text) as string;
    return counts.get(shown) === 1 ? shown : text;
  });
}

/** Returns for each of the sorted texts the places where it differs from another one, in ascending order. */
function branchPlaces(sorted: readonly string[]): number[][] {
  const places = sorted.map(() => new Set<number>());
  // What a text shares with one further away is the least that neighbours on the way share.
  const sweep = (order: readonly number[]): void => {
    const shared: number[] = [];
    for (const [step, index] of order.entries()) {
      const before = order[step - 1];
      if (before === undefined) continue;
      const length = sharedLength(sorted[before] as string, sorted[index] as string);
      while ((shared.at(-1) ?? -1) >= length) shared.pop();
      shared.push(length);
      for (const place of shared) places[index]?.add(place);
    }
  };
  const ascending = sorted.map((_, index) => index);
  sweep(ascending);
  sweep(ascending.reverse());
  return places.map((own) => [...own].sort((a, b) => a - b));
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a.charCodeAt(length) === b.charCodeAt(length)) length += 1;
  return length;
}

function cut(text: string, places: readonly number[], width: number): string {
  if (text.length <= width) return text;
  const pieces = joined(
    text,
    places.map((place) => [place - CONTEXT, place + CONTEXT]),
  );
  // What room is left goes to the beginning, which says the most.
  const atEnd = (pieces.at(-1)?.[1] ?? 0) < text.length ? GAP.length : 0;
  const room = width - atEnd - pieces.reduce((sum, [from, to]) => sum + GAP.length + to - from, 0);
  const whole = room > 0 ? joined(text, [[0, headLength(pieces, room)], ...pieces]) : pieces;
  let shown = '';
  let end = 0;
  for (const [from, to] of whole) {
    shown += (from > end ? GAP : '') + text.slice(from, to);
    end = to;
  }
  const rest = text.slice(end);
  return shown + (rest.length > 1 ? GAP : rest);
}

/** Returns the length of a beginning that takes the room which the pieces leave. */
function headLength(pieces: readonly (readonly [number, number])[], room: number): number {
  let length = room;
  for (const [from, to] of pieces) {
    if (from > length) break;
    length += to - from;
  }
  return length;
}

/** Ranges within a text, in order, those that touch as one, none of which parts a pair of surrogates. */
function joined(text: string, ranges: readonly (readonly [number, number])[]): [number, number][] {
  const result: [number, number][] = [];
  for (const [wantedFrom, wantedTo] of ranges) {
    const from = wholeAt(text, Math.max(0, wantedFrom), -1);
    const to = wholeAt(text, Math.min(text.length, wantedTo), 1);
    const last = result.at(-1);
    // A gap of one character is no shorter than the character.
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else if (from < to) result.push([from === 1 ? 0 : from, to]);
  }
  return result;
}

function wholeAt(text: string, index: number, step: 1 | -1): number {
  const code = text.charCodeAt(index);
  const isInPair = index > 0 && code >= 0xdc00 && code < 0xe000;
  return isInPair ? index + step : index;
}
