/** Puts `text` in the place of what stands between two offsets. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Takes a stretch of text out, with its whole line where nothing else stands in it. */
export function cutOut(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
): TextEdit {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const isWholeLine = text.slice(lineStart, start).trim() === '' && text[end] === '\n';
  return { start: isWholeLine ? lineStart : start, end: isWholeLine ? end + 1 : end, text: '' };
}

/** A text after edits, which knows where each of its places was before them. */
export interface EditedText {
  readonly text: string;
  /** Offset in the text before the edits; a place inside of a replacement is where the replaced text began. */
  offsetBefore(offset: number): number;
}

/** Applies edits that do not overlap, in any order. */
export function applyEdits(text: string, edits: readonly TextEdit[]): EditedText {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  const pieces: string[] = [];
  const newStarts: number[] = [];
  let at = 0;
  let length = 0;
  for (const { start, end, text: replacement } of sorted) {
    pieces.push(text.slice(at, start), replacement);
    length += start - at;
    newStarts.push(length);
    length += replacement.length;
    at = end;
  }
  pieces.push(text.slice(at));
  return {
    text: pieces.join(''),
    offsetBefore: (offset) => {
      const index = lastAtMost(newStarts, offset);
      const edit = sorted[index];
      if (!edit) return offset;
      const past = offset - (newStarts[index] as number) - edit.text.length;
      return past < 0 ? edit.start : edit.end + past;
    },
  };
}

/** The offsets at which the lines of a text begin. */
export class LineStarts {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  /** Yields the line, counted from 1, and the column, counted from 0. */
  positionOf(offset: number): { readonly line: number; readonly column: number } {
    const index = lastAtMost(this.#starts, offset);
    return { line: index + 1, column: offset - (this.#starts[index] ?? 0) };
  }

  /** The opposite of `positionOf`; undefined for a line that the text does not have. */
  offsetOf(line: number, column: number): number | undefined {
    const start = this.#starts[line - 1];
    return start === undefined ? undefined : start + column;
  }
}

/** Index of the last number that is at most `limit`, -1 without one. */
function lastAtMost(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
