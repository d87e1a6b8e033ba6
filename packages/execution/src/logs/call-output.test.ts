import { describe, expect, it } from 'vitest';
import { CallOutput, type KeptOutput, type OutputStream } from './call-output.ts';

const HALF = 512 * 1024;

function keptOf(pieces: readonly (readonly [OutputStream, string | Uint8Array])[]): KeptOutput {
  const output = new CallOutput();
  for (const [stream, piece] of pieces)
    output.add(stream, typeof piece === 'string' ? Buffer.from(piece) : piece);
  return output.kept() as KeptOutput;
}

/** Returns what was printed to each stream, and their order. */
function textOf({ bytes, runs }: KeptOutput): string {
  let at = 0;
  const texts = runs.map((length, index) => {
    const text = Buffer.from(bytes.subarray(at, at + length)).toString();
    at += length;
    return length === 0 ? '' : `${index % 2 === 0 ? 'o' : 'e'}:${text}`;
  });
  expect(at).toBe(bytes.length);
  return texts.join('|');
}

describe('the output of a call', () => {
  it('is nothing where nothing was printed', () => {
    const output = new CallOutput();
    output.add('stdout', new Uint8Array());
    expect(output.kept()).toBeUndefined();
  });

  it('joins what one stream printed in a row', () => {
    expect(
      textOf(
        keptOf([
          ['stdout', 'a'],
          ['stdout', 'b'],
          ['stderr', 'c'],
          ['stdout', 'd'],
        ]),
      ),
    ).toBe('o:ab|e:c|o:d');
    expect(
      textOf(
        keptOf([
          ['stderr', 'a'],
          ['stderr', 'b'],
        ]),
      ),
    ).toBe('|e:ab');
  });

  it('is whole up to the limit', () => {
    const kept = keptOf([['stdout', new Uint8Array(2 * HALF)]]);
    expect(kept.bytes.length).toBe(2 * HALF);
    expect(kept.leftOut).toBeUndefined();
  });

  it.each([1, 10, 40])(
    'keeps beginning and end of a flood, said where it is cut, of %i MiB [DML-EXE-3602] [DML-EXE-3603]',
    (mebibytes) => {
      const line = (index: number): string => `line ${String(index).padStart(8, '0')}\n`;
      const count = (mebibytes * 1024 * 1024) / line(0).length + 3;
      const output = new CallOutput();
      const all: string[] = [];
      for (let index = 0; index < count; index += 1) {
        all.push(line(index));
        output.add('stdout', Buffer.from(line(index)));
      }
      const whole = Buffer.from(all.join(''));
      const { bytes, runs, leftOut } = output.kept() as KeptOutput;
      expect(bytes.length).toBe(2 * HALF);
      expect(leftOut).toEqual({ at: HALF, sizeBytes: whole.length - 2 * HALF });
      expect(Buffer.from(bytes.subarray(0, HALF)).equals(whole.subarray(0, HALF))).toBe(true);
      expect(Buffer.from(bytes.subarray(HALF)).equals(whole.subarray(-HALF))).toBe(true);
      expect(runs.reduce((sum, length) => sum + length, 0)).toBe(bytes.length);
    },
  );

  it('takes one piece that is larger than all that is kept', () => {
    const { bytes, leftOut } = keptOf([
      ['stdout', new Uint8Array(5 * HALF).fill(65)],
      ['stderr', 'end'],
    ]);
    expect(bytes.length).toBe(2 * HALF);
    expect(leftOut).toEqual({ at: HALF, sizeBytes: 3 * HALF + 3 });
    expect(Buffer.from(bytes.subarray(-4)).toString()).toBe('Aend');
  });

  it('bounds the changes between the streams, and keeps whose the rest is [DML-EXE-3602]', () => {
    const output = new CallOutput();
    for (let index = 0; index < 50_000; index += 1) {
      output.add('stdout', Buffer.from('o'));
      output.add('stderr', Buffer.from('e'));
    }
    const kept = output.kept() as KeptOutput;
    expect(kept.runs.length).toBeLessThanOrEqual(8_193);
    expect(kept.leftOut?.sizeBytes).toBe(100_000 - kept.bytes.length);
    expect(new Set(textOf(kept).split('|'))).toEqual(new Set(['o:o', 'e:e']));
  });

  it('cuts no character of UTF-8, and bytes that are none where it comes to them [DML-EXE-3602]', () => {
    for (let shift = 0; shift < 4; shift += 1) {
      const kept = keptOf([['stdout', `${'x'.repeat(shift)}${'😀'.repeat(HALF)}`]]);
      const { at = 0 } = kept.leftOut ?? {};
      for (const part of [kept.bytes.subarray(0, at), kept.bytes.subarray(at)]) {
        expect(Buffer.from(part).toString()).not.toContain('\ufffd');
        expect(part.length).toBeGreaterThan(HALF - 4);
      }
    }
    const { leftOut } = keptOf([['stdout', new Uint8Array(4 * HALF).fill(0x80)]]);
    expect(leftOut).toEqual({ at: HALF, sizeBytes: 2 * HALF });
  });
});
