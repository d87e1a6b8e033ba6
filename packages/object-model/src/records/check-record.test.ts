import { SeededRandom } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { mutate } from '../../test/fuzz-mutation.ts';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { sampleRecords } from '../../test/support/samples.ts';
import { ROLES, sampleEntries } from '../../test/support/tree-samples.ts';
import { isDmlError } from '../errors.ts';
import { hashBytes } from '../hash/hash-bytes.ts';
import { encodePage } from '../search-tree/page-view.ts';
import { buildTree } from '../search-tree/tree-builder.ts';
import { checkRecord } from './check-record.ts';
import { decodeRecord } from './decode-record.ts';
import { encodeRecord } from './encode-record.ts';
import { isKeyedRole } from './page-types.ts';

/** Returns what comes of an act: its result, or code, detail and record type of its error. */
function outcomeOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (!isDmlError(error)) throw error;
    return { code: error.code, detail: error.detail, recordType: error.recordType };
  }
}

function expectAgreement(bytes: Uint8Array): unknown {
  const outcome = outcomeOf(() => decodeRecord(bytes).type);
  expect(
    outcomeOf(() => checkRecord(bytes)),
    Buffer.from(bytes).toString('hex'),
  ).toEqual(outcome);
  return outcome;
}

function linksOf(count: number): never[] {
  return Array.from({ length: count }, (_, at) => hashBytes(Buffer.from(`${at}`)) as never);
}

/** Records of every kind, pages of every role and level, and texts around the lengths at which heads grow. */
function samples(): Uint8Array[] {
  const objects = new MemoryObjects();
  for (const role of ROLES)
    for (const count of [3, 30, 3000]) buildTree(role, sampleEntries(role, count), objects);
  for (const role of ['list', 'inputs', 'values'] as const) buildTree(role, linksOf(9000), objects);
  const texts = [0, 1, 23, 24, 255, 256, 65_535, 65_536].flatMap((length) =>
    ['x', 'ä', '\u007f'].map((letter) =>
      encodeRecord({ type: 'datum', kind: 'string', value: letter.repeat(length) }),
    ),
  );
  return [...sampleRecords().map(encodeRecord), ...objects.pages.values(), ...texts];
}

describe('checkRecord', () => {
  it('accepts every record, and says its type [DML-OBJ-0202]', () => {
    for (const bytes of samples()) expect(checkRecord(bytes)).toBe(decodeRecord(bytes).type);
  });

  it('refuses what decoding refuses, as decoding does [DML-OBJ-0227]', () => {
    const random = new SeededRandom(20_261_128);
    const inputs = samples().filter(({ length }) => length > 0 && length < 5000);
    let refused = 0;
    for (let round = 0; round < 15_000; round += 1)
      if (typeof expectAgreement(mutate(random.pick(inputs), random, random.pick(inputs))) === 'object')
        refused += 1;
    expect(refused).toBeGreaterThan(5_000);
    expect(refused).toBeLessThan(14_500);
  });

  it('refuses a page that goes on behind its end [DML-OBJ-1908]', () => {
    for (const role of ['list', 'inputs', 'values', 'pins', 'requests'] as const) {
      const objects = new MemoryObjects();
      const entries = isKeyedRole(role) ? sampleEntries(role, 3000) : linksOf(3000);
      buildTree(role, entries as never[], objects);
      const leaves = [...objects.pages.values()].filter((bytes) => bytes[4] === 0);
      const [first = new Uint8Array(), second = new Uint8Array()] = leaves;
      const entriesOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(bytes[5] === 0x98 ? 7 : 6);
      const countOf = (bytes: Uint8Array): number => decodeRecord(bytes, 'page').entries.length;
      const joined = Buffer.concat([entriesOf(first), entriesOf(second)]);
      const long = encodePage(role, 0, countOf(first) + countOf(second), joined);
      expect(expectAgreement(long)).toMatchObject({ detail: 'page_end' });
    }
  });

  it('refuses keys that are not in order [DML-OBJ-1905]', () => {
    for (const role of ['pins', 'requests'] as const) {
      const entries = sampleEntries(role, 3);
      const bytes = encodeRecord({ type: 'page', role, level: 0, entries } as never);
      const entryBytes = 83;
      const [head, one, two, three] = [0, 6, 6 + entryBytes, 6 + 2 * entryBytes].map((from, at) =>
        bytes.subarray(from, at === 0 ? 6 : from + entryBytes),
      ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
      expect(expectAgreement(Buffer.concat([head, one, two, three]))).toBe('page');
      for (const wrong of [
        [two, one, three],
        [one, one, three],
        [one, three, two],
      ])
        expect(expectAgreement(Buffer.concat([head, ...wrong]))).toMatchObject({ detail: 'entry_order' });
    }
  });

  it('asks for the type of the place [DML-OBJ-0207]', () => {
    const bytes = encodeRecord({ type: 'datum', kind: 'string', value: 'a' });
    expect(outcomeOf(() => checkRecord(bytes, 'node'))).toMatchObject({ detail: 'unexpected_type' });
  });
});
