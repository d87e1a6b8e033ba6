import { describe, expect, it } from 'vitest';
import { encodeByCborg } from '../../test/oracles.ts';
import {
  ids,
  plainCommit,
  plainStub,
  plainTombstone,
  sampleRecords,
  scalar,
} from '../../test/support/samples.ts';
import { ROLES, sampleEntries } from '../../test/support/tree-samples.ts';
import { decodeCbor } from '../cbor/decode.ts';
import type { CborValue, Link } from '../cbor/value.ts';
import { RECORD_TYPE_NUMBERS, type RecordType } from '../object-class.ts';
import { decodeRecord } from './decode-record.ts';
import { encodeRecord } from './encode-record.ts';
import { isKeyedRole } from './page-types.ts';
import type { AnyRecord } from './record-types.ts';

/** Writes a record with another text in one member, by the encoder of the tests; refuses nothing. */
function bytesWith(record: AnyRecord, member: string, value: CborValue): Uint8Array {
  const marked = encodeRecord({ ...record, [member]: 'x:mark' } as AnyRecord);
  const items = decodeCbor(marked) as CborValue[];
  return encodeByCborg(items.map((item) => (item === 'x:mark' ? value : item)));
}

function expectTaken(record: AnyRecord, member: string, value: string): void {
  const taken = { ...record, [member]: value } as AnyRecord;
  expect(decodeRecord(encodeRecord(taken))).toEqual(taken);
}

function expectRefused(record: AnyRecord, member: string, value: string, detail: string): void {
  const refusal = expect.objectContaining({ detail, recordType: record.type });
  expect(() => encodeRecord({ ...record, [member]: value } as AnyRecord)).toThrow(refusal);
  expect(() => decodeRecord(bytesWith(record, member, value))).toThrow(refusal);
}

/** Checks that a text may have so many bytes, whatever its characters, and none more. */
function expectBound(record: AnyRecord, member: string, maxBytes: number): void {
  const texts = ['a'.repeat(maxBytes), `${'é'.repeat((maxBytes - 1) / 2)}${maxBytes % 2 === 0 ? 'aa' : 'a'}`];
  for (const text of texts) {
    expectTaken(record, member, text);
    expectRefused(record, member, `${text}a`, 'text_length');
  }
}

describe('an embedded leaf', () => {
  it('may be empty in every root field, where a page may not [DML-OBJ-1906]', () => {
    const empty = { type: 'datum', kind: 'list', root: [] } as const;
    expect(decodeRecord(encodeRecord(empty))).toEqual(empty);
    expect(decodeRecord(encodeRecord(plainCommit))).toMatchObject({ pins: [], requests: [] });
    const refusal = expect.objectContaining({ detail: 'page_empty' });
    expect(() => encodeRecord({ type: 'page', role: 'list', level: 0, entries: [] })).toThrow(refusal);
    expect(() => decodeRecord(encodeByCborg([1, 11, 1, 0, []]))).toThrow(refusal);
  });

  it('of chunks adds up to the size of its blob [DML-OBJ-1013]', () => {
    const blob = (sizeBytes: number): AnyRecord => ({
      type: 'datum',
      kind: 'blob',
      sizeBytes,
      contentSha256: ids.key(),
      root: [
        [ids.chunk(), 20_000],
        [ids.chunk(1), 5],
      ],
    });
    const bytes = encodeRecord(blob(20_005));
    expect(decodeRecord(bytes)).toEqual(blob(20_005));
    for (const sizeBytes of [20_004, 20_006, 20_000, 5]) {
      const refusal = expect.objectContaining({ detail: 'blob_size' });
      expect(() => encodeRecord(blob(sizeBytes))).toThrow(refusal);
      const items = decodeCbor(bytes) as CborValue[];
      expect(() => decodeRecord(encodeByCborg(items.with(3, sizeBytes)))).toThrow(refusal);
    }
  });
});

describe('the parents of a commit', () => {
  it('stay in the order of the writer and do not repeat [DML-OBJ-1404]', () => {
    const [first, second] = [ids.commit(), ids.commit(1)].sort();
    for (const parentCommitIds of [[first!, second!], [second!, first!], [first!]]) {
      const commit = { ...plainCommit, parentCommitIds };
      const bytes = encodeRecord(commit);
      expect(decodeRecord(bytes)).toEqual(commit);
      const items = decodeCbor(bytes) as CborValue[];
      expect((items[3] as Link[]).map(({ id }) => id)).toEqual(parentCommitIds);
      const twice = encodeByCborg(items.with(3, [...(items[3] as Link[]), (items[3] as Link[])[0]!]));
      const refusal = expect.objectContaining({ detail: 'parents_repeat' });
      expect(() => decodeRecord(twice)).toThrow(refusal);
      expect(() =>
        encodeRecord({ ...commit, parentCommitIds: [...parentCommitIds, parentCommitIds[0]!] }),
      ).toThrow(refusal);
    }
  });
});

describe('bounds of texts', () => {
  it('are 255 bytes for author and committer [DML-OBJ-1405]', () => {
    expectBound(plainCommit, 'author', 255);
    expectBound(plainCommit, 'committer', 255);
  });

  it('are 65,536 bytes for the message of a commit [DML-OBJ-1406]', () => {
    expectBound(plainCommit, 'message', 65_536);
  });

  it('of a tombstone are those of a name, 65,536 and 255 bytes [DML-OBJ-1804]', () => {
    expectBound(plainTombstone, 'message', 65_536);
    expectBound(plainTombstone, 'actor', 255);
    expectTaken(plainTombstone, 'reason', 'a'.repeat(255));
    expectRefused(plainTombstone, 'reason', 'a'.repeat(256), 'name_length');
    expectRefused(plainTombstone, 'reason', '', 'name_length');
    expectRefused(plainTombstone, 'reason', 'a\n', 'name_control');
    expectRefused(plainTombstone, 'reason', '..', 'name_reserved');
    expectRefused(plainTombstone, 'reason', 'e\u0301', 'text_not_nfc');
  });

  it('are 255 bytes for the domain of a stub [DML-OBJ-1812]', () => {
    expectTaken(plainStub, 'domain', `x:${'a'.repeat(253)}`);
    expectRefused(plainStub, 'domain', `x:${'a'.repeat(254)}`, 'text_length');
  });
});

describe('an i64', () => {
  it('lies between -2^63 and 2^63-1, in a datum and in an element [DML-OBJ-1004]', () => {
    const [lowest, highest] = [-(2n ** 63n), 2n ** 63n - 1n];
    const recordsOf = (value: bigint): AnyRecord[] => [
      scalar.i64(value),
      { type: 'datum', kind: 'list', root: [scalar.i64(value)] },
    ];
    for (const record of [lowest, highest, -1n, 0n].flatMap(recordsOf))
      expect(decodeRecord(encodeRecord(record))).toEqual(record);
    const refusal = expect.objectContaining({ code: 'invalid_bounds', detail: 'i64_range' });
    for (const record of [lowest - 1n, highest + 1n, 2n ** 64n, -(2n ** 64n)].flatMap(recordsOf))
      expect(() => encodeRecord(record)).toThrow(refusal);
    for (const head of ['1b', '3b']) {
      const integer = `${head}8000000000000000`;
      for (const hex of [`84010203${integer}`, `840102088182${'03'}${integer}`])
        expect(() => decodeRecord(Buffer.from(hex, 'hex'))).toThrow(refusal);
    }
  });
});

describe('bytes that stand for an id, a hash or a UUID', () => {
  it('have exactly its length [DML-OBJ-0404]', () => {
    const blob = sampleRecords().find((record) => record.type === 'datum' && record.kind === 'blob')!;
    const request = sampleRecords().find(({ type }) => type === 'exec-request')!;
    const rows = [
      [plainTombstone, [32]],
      [plainStub, [32]],
      [blob, [32]],
      [request, [32, 16]],
    ] as const;
    for (const [record, lengths] of rows) {
      const items = decodeCbor(encodeRecord(record)) as CborValue[];
      const places = [...items.keys()].filter((at) => items[at] instanceof Uint8Array);
      expect(places.map((at) => (items[at] as Uint8Array).length)).toEqual(lengths);
      for (const at of places) {
        const { length } = items[at] as Uint8Array;
        for (const wrong of [0, length - 1, length + 1, 64]) {
          const bytes = encodeByCborg(items.with(at, new Uint8Array(wrong)));
          const refusal = expect.objectContaining({ detail: 'id_length', recordType: record.type });
          expect(() => decodeRecord(bytes), `${record.type} ${at} ${wrong}`).toThrow(refusal);
        }
      }
    }
  });
});

describe('a reader that expects a type', () => {
  it('refuses every record of another type, whichever the two are [DML-OBJ-0207]', () => {
    const other: Readonly<Record<string, string>> = { tombstone: 'excised', stub: 'withheld' };
    const types = Object.keys(RECORD_TYPE_NUMBERS) as RecordType[];
    for (const record of sampleRecords()) {
      const bytes = encodeRecord(record);
      for (const type of types) {
        if (type === record.type) expect(decodeRecord(bytes, type)).toEqual(record);
        else {
          const detail = other[record.type] ?? 'unexpected_type';
          const refusal = expect.objectContaining({ detail, recordType: record.type });
          expect(() => decodeRecord(bytes, type), `${record.type} as ${type}`).toThrow(refusal);
        }
      }
    }
  });
});

describe('an entry', () => {
  it('has the members of its role and level, no more and no fewer [DML-OBJ-1904]', () => {
    for (const role of ROLES) {
      const leaf = sampleEntries(role, 1)[0] as unknown;
      const key = isKeyedRole(role) ? [role === 'set' ? leaf : (leaf as readonly unknown[])[0]] : [];
      for (const [level, entry] of [
        [0, leaf],
        [1, [...key, ids.page(), 5]],
      ] as const) {
        const page = (...entries: unknown[]): AnyRecord =>
          ({ type: 'page', role, level, entries }) as unknown as AnyRecord;
        const bytes = encodeRecord(page(entry));
        expect(decodeRecord(bytes)).toEqual(page(entry));
        if (!Array.isArray(entry)) continue;
        const refusal = expect.objectContaining({ detail: 'entry_form', recordType: 'page' });
        const items = decodeCbor(bytes) as CborValue[];
        const members = (items[4] as CborValue[][])[0]!;
        for (const [wrong, encoded] of [
          [entry.slice(0, -1), members.slice(0, -1)],
          [
            [...entry, 1],
            [...members, 1],
          ],
          [[], []],
        ] as const) {
          expect(() => encodeRecord(page(wrong)), `${role} ${level}`).toThrow(refusal);
          expect(() => decodeRecord(encodeByCborg(items.with(4, [encoded])))).toThrow(refusal);
        }
      }
    }
  });
});
