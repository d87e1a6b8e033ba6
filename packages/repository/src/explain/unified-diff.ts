/** Lines around a change that are shown. */
const CONTEXT = 3;
/** Lines that differ beyond which a text is shown as replaced: the time grows with their square. */
const MAX_EDITS = 1_000;

type Edit = { readonly sign: ' ' | '-' | '+'; readonly line: string };

/** Returns the hunks of a unified diff of two texts, without the names of files; empty for equal texts. */
export function unifiedDiff(before: string, after: string): string[] {
  if (before === after) return [];
  const isEnded = [before, after].every((text) => text === '' || text.endsWith('\n'));
  const linesOf = (text: string): string[] => (isEnded ? text.split('\n').slice(0, -1) : text.split('\n'));
  const edits = editsOf(linesOf(before), linesOf(after));
  const lines: string[] = [];
  for (let at = 0; at < edits.length; ) {
    const first = edits.findIndex(({ sign }, index) => index >= at && sign !== ' ');
    if (first < 0) break;
    let last = first;
    for (let index = first; index < edits.length && index - last <= 2 * CONTEXT; index += 1)
      if (edits[index]?.sign !== ' ') last = index;
    const start = Math.max(at, first - CONTEXT);
    const end = Math.min(edits.length, last + CONTEXT + 1);
    lines.push(headOf(edits, start, end));
    for (const { sign, line } of edits.slice(start, end)) lines.push(sign + line);
    at = end;
  }
  return lines;
}

function headOf(edits: readonly Edit[], start: number, end: number): string {
  const count = (from: number, to: number, other: '-' | '+'): number =>
    edits.slice(from, to).filter(({ sign }) => sign !== other).length;
  const range = (other: '-' | '+'): string => {
    const size = count(start, end, other);
    // Of no lines a patch names the line before.
    return `${count(0, start, other) + Math.min(size, 1)},${size}`;
  };
  return `@@ -${range('+')} +${range('-')} @@`;
}

function editsOf(before: readonly string[], after: readonly string[]): Edit[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(before.length, after.length) - head && before.at(-1 - tail) === after.at(-1 - tail))
    tail += 1;
  const kept = (lines: readonly string[]): Edit[] => lines.map((line) => ({ sign: ' ', line }));
  return [
    ...kept(before.slice(0, head)),
    ...middleEdits(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...kept(before.slice(before.length - tail)),
  ];
}

/** Returns a shortest list of edits, by the algorithm of Myers. */
function middleEdits(before: readonly string[], after: readonly string[]): Edit[] {
  const trail: Int32Array[] = [];
  const most = Math.min(before.length + after.length, MAX_EDITS);
  const reached = new Int32Array(2 * most + 3);
  for (let edits = 0; edits <= most; edits += 1) {
    trail.push(reached.slice());
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const at = most + 1 + diagonal;
      const [below, above] = [reached[at - 1] as number, reached[at + 1] as number];
      const isDown = diagonal === -edits || (diagonal !== edits && below < above);
      let x = isDown ? above : below + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
      reached[at] = x;
      if (x >= before.length && x - diagonal >= after.length) return walkBack(trail, { before, after, most });
    }
  }
  return [
    ...before.map((line): Edit => ({ sign: '-', line })),
    ...after.map((line): Edit => ({ sign: '+', line })),
  ];
}

function walkBack(
  trail: readonly Int32Array[],
  { before, after, most }: { before: readonly string[]; after: readonly string[]; most: number },
): Edit[] {
  const edits: Edit[] = [];
  let x = before.length;
  let y = after.length;
  for (let count = trail.length - 1; count >= 0; count -= 1) {
    const reached = trail[count] as Int32Array;
    const diagonal = x - y;
    const at = most + 1 + diagonal;
    const [below, above] = [reached[at - 1] as number, reached[at + 1] as number];
    const isDown = diagonal === -count || (diagonal !== count && below < above);
    const [previous, previousX] = isDown ? [diagonal + 1, above] : [diagonal - 1, below];
    const [fromX, fromY] = count === 0 ? [0, 0] : [previousX, previousX - previous];
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      edits.push({ sign: ' ', line: before[x] as string });
    }
    if (count === 0) break;
    if (isDown) edits.push({ sign: '+', line: after[--y] as string });
    else edits.push({ sign: '-', line: before[--x] as string });
  }
  return edits.reverse();
}
