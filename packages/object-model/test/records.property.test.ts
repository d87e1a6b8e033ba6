import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCbor } from '../src/cbor/decode.ts';
import { decodeRecord, encodeRecord, encodeTransient, formatRecord, recordLinks } from '../src/index.ts';
import { encodeByCodec } from '../src/records/encode-record.ts';
import { anyRecord } from './arbitrary-records.ts';
import { checkInput } from './fuzz.ts';
import { encodeByCborg } from './oracles.ts';
import { jsonOfRecord } from './vector-json.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const runs = { numRuns: 3000 };

describe('any record', () => {
  it('is decoded from its bytes [DML-OBJ-0202]', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const bytes = encodeRecord(record);
        expect(decodeRecord(bytes, record.type)).toEqual(record);
        expect(checkInput(bytes)).toBeUndefined();
      }),
      runs,
    );
  });

  it('has the bytes that an independent encoder writes, with and without the templates [DML-OBJ-0210]', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const bytes = encodeRecord(record);
        expect(Buffer.compare(encodeByCborg(decodeCbor(bytes)), bytes)).toBe(0);
        expect(Buffer.compare(encodeByCodec(record), bytes)).toBe(0);
      }),
      runs,
    );
  });

  it('has the same bytes in memory that is reused', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const owned = encodeRecord(record);
        expect(Buffer.compare(encodeTransient(record), owned)).toBe(0);
        encodeTransient({ type: 'node', kind: 'literal', datumId: '1'.repeat(64) as never });
        expect(Buffer.compare(encodeTransient(record), owned)).toBe(0);
      }),
      runs,
    );
  });

  it('has as many links as its bytes [DML-OBJ-1910]', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const bytes = Buffer.from(encodeRecord(record));
        for (const link of recordLinks(record))
          expect(bytes.includes(Buffer.from(link.id, 'hex'))).toBe(true);
      }),
      runs,
    );
  });

  it('can be printed', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const lines = formatRecord(record).split('\n');
        expect(lines[0]).toMatch(/^[a-z0-9 -]+$/);
      }),
      runs,
    );
  });

  it('differs from every other record by its bytes', () => {
    fc.assert(
      fc.property(anyRecord, anyRecord, (left, right) => {
        const same = Buffer.compare(encodeRecord(left), encodeRecord(right)) === 0;
        expect(same).toBe(JSON.stringify(jsonOfRecord(left)) === JSON.stringify(jsonOfRecord(right)));
      }),
      runs,
    );
  });
});
