import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecord } from '../records/decode-record.ts';
import { encodeRecord } from '../records/encode-record.ts';
import { toNfc, unassignedPattern } from './nfc.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const UNASSIGNED = unassignedPattern();

/** A letter, marks of two classes, Hangul jamo, marks and a vowel newer than Unicode 15.0, and one not assigned yet. */
const POINTS = ['a', '\u0301', '\u0323', '\u1100', '\u1161', '\u1acf', '\u0897', '\u{1611e}', '\u0378'];

/** The rules of the specification, code point by code point. */
function reference(text: string): string {
  let done = '';
  let stretch = '';
  for (const point of text) {
    if (UNASSIGNED.test(point)) {
      done += stretch.normalize('NFC') + point;
      stretch = '';
    } else stretch += point;
  }
  return done + stretch.normalize('NFC');
}

describe('toNfc', () => {
  it('normalises the stretches between newer code points each by itself [DML-OBJ-0517]', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...POINTS), maxLength: 12 }), (text) => {
        expect(toNfc(text)).toBe(reference(text));
        expect(toNfc(toNfc(text))).toBe(toNfc(text));
      }),
      { numRuns: 3000 },
    );
    expect(toNfc('e\u0301\u1acfe\u0301')).toBe('\u00e9\u1acf\u00e9');
  });

  it('leaves newer code points and the marks behind them where they are [DML-OBJ-0518]', () => {
    for (const text of ['a\u1acf\u0323', '\u00e1\u0897\u0323', '\u{1611e}\u{1611e}', 'a\u0378\u0301']) {
      expect(toNfc(text)).toBe(text);
      const bytes = encodeRecord({ type: 'datum', kind: 'string', value: text });
      expect(decodeRecord(bytes)).toEqual({ type: 'datum', kind: 'string', value: text });
    }
  });

  it('knows as many unassigned code points as Unicode 15.0 has, none of them lost by this platform', () => {
    let unassigned = 0;
    const unknownHere: string[] = [];
    for (let point = 0; point <= 0x10ffff; point++) {
      if (UNASSIGNED.test(String.fromCodePoint(point))) unassigned++;
      else if (/\p{Cn}/u.test(String.fromCodePoint(point))) unknownHere.push(point.toString(16));
    }
    // 825,279 reserved code points and 66 noncharacters.
    expect(unassigned).toBe(825_345);
    expect(unknownHere).toEqual([]);
  });
});
