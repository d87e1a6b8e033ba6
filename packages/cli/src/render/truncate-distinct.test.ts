import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { truncateDistinct } from './truncate-distinct.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const long = 'x'.repeat(100);

describe('texts cut apart', () => {
  it('stay as they are where they fit', () => {
    expect(truncateDistinct(['f(1)', 'f(2)', 'f(1)'], 10)).toEqual(['f(1)', 'f(2)', 'f(1)']);
    expect(truncateDistinct([], 10)).toEqual([]);
  });

  it('lose their ends where nothing is like them', () => {
    expect(truncateDistinct([long], 20)).toEqual([`${'x'.repeat(19)}…`]);
  });

  it('lose what they have in common and keep what differs', () => {
    expect(truncateDistinct([`f("${long}", 1, 2)`, `f("${long}", 7, 2)`], 30)).toEqual([
      'f("xxxxxxxxxxxxxxx…xxx", 1, 2)',
      'f("xxxxxxxxxxxxxxx…xxx", 7, 2)',
    ]);
  });

  it('show every place at which four part from each other', () => {
    const texts = ['1', '2'].flatMap((first) =>
      ['3', '4'].map((last) => `${long}${first}${long}${last}${long}`),
    );
    const shown = truncateDistinct(texts, 40);
    expect(shown[0]).toMatch(/^x+…x{6}1x{5}…x{6}3x{5}…$/);
    expect(shown[3]).toMatch(/^x+…x{6}2x{5}…x{6}4x{5}…$/);
    expect(new Set(shown).size).toBe(4);
    for (const text of shown) expect(text.length).toBeLessThanOrEqual(40);
  });

  it('tell one that is the beginning of another', () => {
    expect(new Set(truncateDistinct([long, `${long}x`, `${long}xx`], 20)).size).toBe(3);
  });

  it('part no pair of surrogates', () => {
    const texts = [`${'😀'.repeat(50)}a`, `${'😀'.repeat(51)}`, `${'😀'.repeat(20)}😁${'😀'.repeat(40)}`];
    for (const width of [10, 11, 12, 13, 30, 31])
      for (const shown of truncateDistinct(texts, width)) expect(shown.isWellFormed()).toBe(true);
  });

  it('differ wherever the texts differ, whatever the width', () => {
    const alphabet = fc.array(fc.constantFrom('a', 'b', '…', '😀', '😁'), { maxLength: 60 });
    const text = fc
      .tuple(fc.constantFrom('', 'a'.repeat(80), '…'.repeat(40)), alphabet)
      .map(([head, rest]) => [head, ...rest, head].join(''));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), fc.integer({ min: 5, max: 60 }), (texts, width) => {
        const shown = truncateDistinct(texts, width);
        expect(shown.length).toBe(texts.length);
        expect(new Set(shown).size).toBe(new Set(texts).size);
      }),
      { numRuns: 2000 },
    );
  });
});
