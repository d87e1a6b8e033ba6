import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeByCborg } from '../../test/oracles.ts';
import { isDmlError } from '../errors.ts';
import { encodeCbor } from './encode.ts';
import { LINK_BYTES } from './link-bytes.ts';
import { type CborValue, CODEC_DAG_CBOR, CODEC_RAW, Float64, Link } from './value.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const id = '0123456789abcdef'.repeat(4);

const leaf: fc.Arbitrary<CborValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer({ min: -(2 ** 33), max: 2 ** 33 }).map((value) => new Float64(value)),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => new Float64(value + 0)),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.uint8Array({ maxLength: 300 }),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => new Link(CODEC_DAG_CBOR, hex(bytes))),
);
const value = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('value'), { maxLength: 6 })),
})).value;

describe('encodeCbor', () => {
  it('writes what an independent encoder writes [DML-OBJ-0210]', () => {
    fc.assert(
      fc.property(value, (any) => {
        expect(hex(encodeCbor(any))).toBe(hex(encodeByCborg(any)));
      }),
      { numRuns: 2000 },
    );
  });

  it('finds the places of whole floats among equal bytes', () => {
    const mark = Uint8Array.of(0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0);
    const tricky: CborValue = [
      mark,
      new Float64(1),
      'x'.repeat(300),
      [new Float64(-2)],
      mark,
      new Float64(2 ** 32 - 1),
    ];
    expect(hex(encodeCbor(tricky))).toBe(hex(encodeByCborg(tricky)));
  });

  it('yields bytes that later encodings leave alone [DML-OBJ-0229]', () => {
    const first = encodeCbor([1, 'first', new Float64(1)]);
    const kept = hex(first);
    for (let round = 0; round < 2000; round++) encodeCbor(['later', round, new Uint8Array(50)]);
    expect(hex(first)).toBe(kept);
    expect(first.byteLength).toBe(first.buffer.byteLength);
  });

  it('writes the form of links [DML-OBJ-0302] [DML-OBJ-0303]', () => {
    const link = encodeCbor(new Link(CODEC_DAG_CBOR, id));
    expect(hex(link)).toBe(`d82a5825${`0001711220${id}`}`);
    expect(link.length).toBe(LINK_BYTES);
    expect(LINK_BYTES).toBe(41);
    expect(hex(encodeCbor(new Link(CODEC_RAW, id)))).toBe(`d82a58250001551220${id}`);
  });

  it('refuses what the profile cannot hold', () => {
    const refused: readonly (readonly [unknown, string])[] = [
      [1.5, 'integer_range'],
      [2 ** 53, 'integer_range'],
      [Number.NaN, 'integer_range'],
      [new Float64(Number.NaN), 'float_not_finite'],
      [new Float64(Number.NEGATIVE_INFINITY), 'float_not_finite'],
      [undefined, 'field_type'],
      [{}, 'field_type'],
      [new Map(), 'field_type'],
      [new Link(CODEC_DAG_CBOR, 'x'), 'id_form'],
    ];
    for (const [bad, detail] of refused) {
      let caught: unknown;
      try {
        encodeCbor([bad as CborValue]);
      } catch (error) {
        caught = error;
      }
      expect(isDmlError(caught) && caught.detail, String(bad)).toBe(detail);
    }
  });
});
