import { describe, expect, it } from 'vitest';
import { ids, scalar } from '../../test/support/samples.ts';
import { hashBytes } from '../hash/hash-bytes.ts';
import type { DatumId } from '../ids.ts';
import { decodeRecord } from './decode-record.ts';
import { encodeElement, isInline } from './element.ts';
import { elementOf } from './element-of.ts';
import { encodeRecord } from './encode-record.ts';
import type { Datum } from './record-types.ts';

const string = (length: number, text = 'a'): Datum => scalar.string(text.repeat(length));
const uri = (length: number): Datum => ({ type: 'datum', kind: 'uri', value: `x:${'a'.repeat(length - 2)}` });

describe('an element', () => {
  it('is a scalar in place up to 128 bytes, and a link for every other datum [DML-OBJ-1102]', () => {
    const inline: readonly Datum[] = [
      scalar.nothing,
      scalar.bool(true),
      scalar.i64(-(2n ** 63n)),
      scalar.f64(Number.NaN),
      scalar.bytesOf(124),
      string(124),
      string(62, 'é'),
      uri(124),
    ];
    const linked: readonly Datum[] = [
      scalar.bytesOf(125),
      string(125),
      string(63, 'é'),
      string(200_000),
      uri(125),
      { type: 'datum', kind: 'uri', value: `x:${ids.datum()}`, attachmentDatumId: ids.datum() },
      { type: 'datum', kind: 'list', root: [] },
      { type: 'datum', kind: 'set', root: [] },
      { type: 'datum', kind: 'map', root: [] },
      { type: 'datum', kind: 'blob', sizeBytes: 1, contentSha256: ids.chunk(), root: [[ids.chunk(), 1]] },
    ];
    const put = (bytes: Uint8Array): DatumId => hashBytes<'datum'>(bytes);
    for (const datum of inline) {
      expect(isInline(datum)).toBe(true);
      expect(elementOf(datum, put)).toBe(datum);
      expect(encodeElement(elementOf(datum, put)).length).toBeLessThanOrEqual(128);
    }
    for (const datum of linked) {
      expect(isInline(datum)).toBe(false);
      expect(elementOf(datum, put)).toBe(hashBytes(encodeRecord(datum)));
    }
  });
});

describe('a list', () => {
  it('holds its elements in order, repeats included [DML-OBJ-1008]', () => {
    const five = scalar.i64(5);
    const elements = [
      scalar.string('b'),
      ids.datum(1),
      five,
      ids.datum(),
      five,
      scalar.string('a'),
      ids.datum(1),
    ];
    for (const root of [elements, [...elements].reverse()]) {
      const bytes = encodeRecord({ type: 'datum', kind: 'list', root });
      const encoded = Buffer.concat([Buffer.from('8401020887', 'hex'), ...root.map(encodeElement)]);
      expect(Buffer.compare(bytes, encoded)).toBe(0);
      expect(decodeRecord(bytes, 'datum')).toEqual({ type: 'datum', kind: 'list', root });
    }
  });
});
