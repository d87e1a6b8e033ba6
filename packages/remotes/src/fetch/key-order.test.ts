import { encodeRecord } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { objectOf } from '../../test/objects.ts';
import { type SentObject, sectionOf } from '../format/segment.ts';
import { inKeyOrder } from './key-order.ts';

/** Returns an object of a class for whoever sorts sections: its record says the class. */
function textOf(value: string): SentObject {
  return { ...objectOf(value, 'datum'), bytes: encodeRecord({ type: 'datum', kind: 'string', value }) };
}

const joined = (bytes: Uint8Array): Buffer => Buffer.concat([...inKeyOrder(bytes)]);

describe('inKeyOrder', () => {
  it('yields the sections by class and id, whole and each once', () => {
    const texts = Array.from({ length: 500 }, (_, at) => textOf(`text ${at} `.repeat(1 + (at % 90))));
    const chunks = Array.from({ length: 40 }, (_, at) => objectOf(`chunk ${at} `.repeat(9_000)));
    const mixed = [...chunks.slice(0, 20), ...texts, ...chunks.slice(20)];
    const byId = (objects: readonly SentObject[]): SentObject[] =>
      [...objects].sort((left, right) => (left.id < right.id ? -1 : 1));
    const sorted = [...byId(texts), ...byId(chunks)];
    const yielded = joined(Buffer.concat(mixed.map(sectionOf)));
    expect(yielded.equals(Buffer.concat(sorted.map(sectionOf)))).toBe(true);
  });

  it('yields what are no sections as it is', () => {
    const whole = Buffer.concat([textOf('one'), textOf('two'), objectOf('three')].map(sectionOf));
    for (let length = 0; length <= whole.length; length += 1) {
      const part = whole.subarray(0, length);
      const yielded = joined(part);
      expect(yielded.length).toBe(length);
      const isWhole = [0, sectionOf(textOf('one')).length].includes(length);
      if (isWhole) expect(yielded.equals(part)).toBe(true);
    }
    for (const bytes of [[0], [0x80], [0xff, 0xff, 0xff, 0xff, 0x7f], [36, 1, 2], [37]])
      expect([...joined(Buffer.from(bytes))]).toEqual(bytes);
  });
});
