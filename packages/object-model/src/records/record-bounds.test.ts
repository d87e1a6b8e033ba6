import { describe, expect, it } from 'vitest';
import { encodeByCborg } from '../../test/oracles.ts';
import { ids, plainCommit, plainStub, plainTombstone } from '../../test/support/samples.ts';
import { decodeCbor } from '../cbor/decode.ts';
import type { CborValue, Link } from '../cbor/value.ts';
import { decodeRecord } from './decode-record.ts';
import { encodeRecord } from './encode-record.ts';
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
