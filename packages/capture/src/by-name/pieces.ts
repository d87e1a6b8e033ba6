/** A stretch of a text, or words that stand in no text. */
export type Piece = readonly [start: number, end: number] | string;

/** A text put together of pieces of another, which knows where each of its places was there. */
export class PieceText {
  readonly text: string;
  readonly pieces: readonly Piece[];
  readonly #source: string;
  readonly #starts: number[] = [];
  #lines: LineStarts | undefined;
  #sourceLines: LineStarts | undefined;

  constructor(source: string, pieces: readonly Piece[]) {
    this.#source = source;
    this.pieces = pieces;
    let text = '';
    for (const piece of pieces) {
      this.#starts.push(text.length);
      text += typeof piece === 'string' ? piece : source.slice(piece[0], piece[1]);
    }
    this.text = text;
  }

  /** Returns the offset in the source; that of the next piece for words that stand in none. */
  offsetBefore(offset: number): number | undefined {
    const index = lastAtMost(this.#starts, offset);
    const piece = this.pieces[index];
    if (piece === undefined) return undefined;
    if (typeof piece !== 'string') return piece[0] + offset - (this.#starts[index] as number);
    const next = this.pieces.slice(index).find((other) => typeof other !== 'string');
    return next?.[0] as number | undefined;
  }

  /** Returns the place in the source of a line, counted from 1, and a column, counted from 0. */
  positionBefore(line: number, column: number): Position | undefined {
    this.#lines ??= new LineStarts(this.text);
    this.#sourceLines ??= new LineStarts(this.#source);
    const offset = this.#lines.offsetOf(line, column);
    const before = offset === undefined ? undefined : this.offsetBefore(offset);
    return before === undefined ? undefined : this.#sourceLines.positionOf(before);
  }
}

/** Puts `text` in the place of what stands between two offsets. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Returns the pieces of `source` between two offsets after edits that do not overlap. */
export function piecesOf(edits: readonly TextEdit[], start: number, end: number): Piece[] {
  const pieces: Piece[] = [];
  let at = start;
  const inside = edits.filter((edit) => edit.start >= start && edit.end <= end);
  for (const edit of inside.sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (at < edit.start) pieces.push([at, edit.start]);
    if (edit.text !== '') pieces.push(edit.text);
    at = edit.end;
  }
  if (at < end) pieces.push([at, end]);
  return pieces;
}

/** A line, counted from 1, and a column, counted from 0. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The offsets at which the lines of a text begin. */
export class LineStarts {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  positionOf(offset: number): Position {
    const index = lastAtMost(this.#starts, offset);
    return { line: index + 1, column: offset - (this.#starts[index] ?? 0) };
  }

  /** Returns the offset of a position, the inverse of `positionOf`; undefined for a line that the text does not have. */
  offsetOf(line: number, column: number): number | undefined {
    const start = this.#starts[line - 1];
    return start === undefined ? undefined : start + column;
  }
}

/** Returns the index of the last number that is at most `limit`, -1 without one. */
export function lastAtMost(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
