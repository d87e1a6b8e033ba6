import { describe, expect, it } from 'vitest';
import { unifiedDiff } from './unified-diff.ts';

/** Applies hunks to a text as `patch` does; throws where a line is not the one that a hunk names. */
function patched(before: string, hunks: readonly string[]): string {
  const lines = before.split('\n');
  const out: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    const [, from] = /^@@ -(\d+),\d+ \+\d+,\d+ @@$/.exec(hunk) ?? [];
    if (from !== undefined) {
      while (at < Number(from) - 1) out.push(lines[at++] as string);
      continue;
    }
    if (hunk[0] !== '+') expect(lines[at++]).toBe(hunk.slice(1));
    if (hunk[0] !== '-') out.push(hunk.slice(1));
  }
  return [...out, ...lines.slice(at)].join('\n');
}

describe('unifiedDiff', () => {
  it('shows changed lines with three lines around them', () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    const after = lines.with(4, 'other').toSpliced(20, 1);
    expect(unifiedDiff(lines.join('\n'), after.join('\n'))).toEqual([
      '@@ -2,7 +2,7 @@',
      ...[' line 1', ' line 2', ' line 3', '-line 4', '+other', ' line 5', ' line 6', ' line 7'],
      '@@ -18,7 +18,6 @@',
      ...[' line 17', ' line 18', ' line 19', '-line 20', ' line 21', ' line 22', ' line 23'],
    ]);
    expect(unifiedDiff('a\n', 'a\n')).toEqual([]);
    expect(unifiedDiff('', 'a\nb\n')).toEqual(['@@ -0,0 +1,2 @@', '+a', '+b']);
    expect(unifiedDiff('a\n', '')).toEqual(['@@ -1,1 +0,0 @@', '-a']);
  });

  it('is a patch from one text to the other, whatever they are', () => {
    let state = 11;
    const number = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    for (let round = 0; round < 300; round += 1) {
      const text = (): string =>
        Array.from({ length: number(40) }, () => 'abcd'[number(4)]).join(number(2) === 0 ? '\n' : '\n\n');
      const [before, after] = [text(), text()];
      expect(patched(before, unifiedDiff(before, after))).toBe(after);
    }
    const many = (of: string): string => Array.from({ length: 3000 }, (_, n) => `${of}${n}`).join('\n');
    expect(patched(many('a'), unifiedDiff(many('a'), many('b')))).toBe(many('b'));
  });
});
