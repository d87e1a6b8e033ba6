import { Decoder } from 'cbor-x';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeByCborg } from '../../test/oracles.ts';
import { encodeRecord } from '../records/encode-record.ts';
import { decodeCbor } from './decode.ts';
import { type CborValue, CODEC_RAW, Float64, Link } from './value.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('decodeCbor', () => {
  it('builds no value of what the scanner refuses [DML-OBJ-0212]', () => {
    const decode = vi.spyOn(Decoder.prototype, 'decode');
    const refused = [
      '8301a0',
      '83f9000001f6',
      '8201',
      '9fff',
      'c24101',
      '8163c3a9ff',
      '9affffffff',
      '826161ff',
    ];
    for (const hex of refused) expect(() => decodeCbor(Buffer.from(hex, 'hex')), hex).toThrow();
    expect(decode).not.toHaveBeenCalled();
    decodeCbor(Uint8Array.of(0x81, 1));
    expect(decode).toHaveBeenCalledTimes(1);
  });

  it('keeps floats apart from integers [DML-OBJ-0701]', () => {
    const value: CborValue = [1, new Float64(1), [new Float64(0)], 0, new Float64(2 ** 40), 2 ** 40];
    expect(decodeCbor(encodeByCborg(value))).toEqual(value);
  });

  it('returns numbers where they are exact and bigints elsewhere', () => {
    const value: CborValue = [2 ** 53 - 1, 2n ** 53n, -(2n ** 63n), -(2 ** 53) + 1, 2n ** 63n - 1n];
    expect(decodeCbor(encodeByCborg(value))).toEqual(value);
  });

  it('keeps byte order marks of short and long texts, among other items [DML-OBJ-0504]', () => {
    const value: CborValue = [
      '\ufeff',
      `\ufeff${'a'.repeat(500)}`,
      'b',
      ['\ufeffc', new Float64(1)],
      new Link(CODEC_RAW, '0'.repeat(64)),
    ];
    expect(decodeCbor(encodeByCborg(value))).toEqual(value);
  });

  it('leaves its input as it was', () => {
    const bytes = encodeRecord({ type: 'datum', kind: 'bytes', value: Uint8Array.of(1, 2, 3) });
    const copy = bytes.slice();
    decodeCbor(bytes);
    expect(bytes).toEqual(copy);
    expect(Object.keys(bytes)).toEqual(Object.keys(copy));
  });

  it('reads a view inside a larger buffer', () => {
    const bytes = encodeByCborg(['a', 1, Uint8Array.of(9)]);
    const large = new Uint8Array(bytes.length + 20).fill(0xff);
    large.set(bytes, 7);
    expect(decodeCbor(large.subarray(7, 7 + bytes.length))).toEqual(['a', 1, Uint8Array.of(9)]);
  });
});
