import { describe, expect, it } from 'vitest';
import { plainCommit, plainStub, plainTombstone } from '../../test/generate/samples.ts';
import { encodeByCborg } from '../../test/oracles.ts';
import { decodeCbor } from '../cbor/decode.ts';
import type { CborValue } from '../cbor/value.ts';
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
