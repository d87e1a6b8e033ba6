import { describe, expect, it } from 'vitest';
import {
  ids,
  plainCommit,
  plainStub,
  plainTombstone,
  sampleRecords,
  scalar,
} from '../../test/generate/samples.ts';
import { ROLES, sampleEntries } from '../../test/support/tree-samples.ts';
import { encodeCbor } from '../cbor/encode.ts';
import { RECORD_TYPE_NUMBERS } from '../object-class.ts';
import { LevelBuilder } from '../search-tree/level-builder.ts';
import { decodeRecord } from './decode-record.ts';
import { encodeElement } from './element.ts';
import { encodeByCodec, encodeRecord, encodeTransient, MAX_RECORD_BYTES } from './encode-record.ts';
import { writeEntry } from './entry.ts';
import type { AnyRecord } from './record-types.ts';

const refusedFor = (detail: string): unknown => expect.objectContaining({ name: 'DmlError', detail });

describe('encodeRecord', () => {
  it('begins with array head, format version and type number [DML-OBJ-0201]', () => {
    for (const record of sampleRecords()) {
      const [head, version, type] = encodeRecord(record);
      expect(head).toBeGreaterThanOrEqual(0x83);
      expect(head).toBeLessThanOrEqual(0x97);
      expect([version, type]).toEqual([1, RECORD_TYPE_NUMBERS[record.type]]);
    }
  });

  it('takes a record of the largest size and none above [DML-OBJ-0209]', () => {
    const text = (length: number): AnyRecord => scalar.string('a'.repeat(length));
    const overhead = encodeRecord(text(70_000)).length - 70_000;
    expect(encodeRecord(text(MAX_RECORD_BYTES - overhead))).toHaveLength(MAX_RECORD_BYTES);
    expect(() => encodeRecord(text(MAX_RECORD_BYTES - overhead + 1))).toThrow(refusedFor('record_size'));
    expect(() => encodeRecord(text(40_000_000))).toThrow(refusedFor('record_size'));
  });

  it('takes inline elements of 128 bytes and none above [DML-OBJ-1103]', () => {
    expect(encodeElement(scalar.bytesOf(124))).toHaveLength(128);
    expect(() => encodeElement(scalar.bytesOf(125))).toThrow(refusedFor('element_size'));
    const list = (length: number): AnyRecord => ({
      type: 'datum',
      kind: 'list',
      root: [scalar.bytesOf(length)],
    });
    for (const encode of [encodeRecord, encodeByCodec]) {
      expect(encode(list(124))).toHaveLength(5 + 128);
      expect(() => encode(list(125))).toThrow(refusedFor('element_size'));
    }
  });

  it('writes an inline element as kind and payload [DML-OBJ-1101]', () => {
    const hex = (element: Parameters<typeof encodeElement>[0]): string =>
      Buffer.from(encodeElement(element)).toString('hex');
    expect(hex(scalar.nothing)).toBe('8101');
    expect(hex(scalar.i64(5))).toBe('820305');
    expect(hex(scalar.f64(1))).toBe('8204fb3ff0000000000000');
    expect(hex(ids.datum())).toBe(`d82a58250001711220${ids.datum()}`);
  });

  it('writes the id in a tombstone and a stub as bytes [DML-OBJ-1803]', () => {
    const hex = (record: AnyRecord): string => Buffer.from(encodeRecord(record)).toString('hex');
    expect(hex(plainTombstone).startsWith(`880108025820${ids.datum()}`)).toBe(true);
    expect(hex(plainStub).startsWith(`86010d025820${ids.datum()}`)).toBe(true);
  });

  it('takes a page of one entry and none without [DML-OBJ-1906]', () => {
    const page = (...entries: never[]): AnyRecord => ({ type: 'page', role: 'list', level: 0, entries });
    expect(() => encodeRecord(page(scalar.nothing as never))).not.toThrow();
    expect(() => encodeRecord(page())).toThrow(refusedFor('page_empty'));
    expect(() => encodeRecord({ type: 'datum', kind: 'list', root: [] })).not.toThrow();
  });

  it('takes entries up to the first that ends a page, and none behind it [DML-OBJ-1908]', () => {
    for (const role of ROLES) {
      const entries = sampleEntries(role, 12_000);
      let count = 0;
      const builder = new LevelBuilder(role, 0, (built) => {
        if (count === 0) count = built.count;
      });
      for (const entry of entries) {
        builder.prepare();
        const start = builder.sink.length;
        writeEntry(builder.sink, role, 0, entry);
        builder.added(start, 1);
      }
      const page = (length: number): AnyRecord =>
        ({ type: 'page', role, level: 0, entries: entries.slice(0, length) }) as unknown as AnyRecord;
      expect(decodeRecord(encodeRecord(page(count)))).toEqual(page(count));
      for (const length of [count + 1, 12_000]) {
        expect(() => encodeRecord(page(length))).toThrow(refusedFor('page_end'));
        expect(() => decodeRecord(encodeByCodec(page(length)))).toThrow(refusedFor('page_end'));
      }
    }
  });

  it('refuses an embedded leaf that goes on behind the end of a page [DML-OBJ-1908]', () => {
    const items = Array.from({ length: 1000 }, (_, at) => scalar.i64(at));
    const list: AnyRecord = { type: 'datum', kind: 'list', root: items };
    expect(() => encodeRecord(list)).toThrow(refusedFor('page_end'));
    const raw = encodeCbor([1, 2, 8, items.map((_, at) => [3, at])]);
    expect(() => decodeRecord(raw)).toThrow(refusedFor('page_end'));
    const pins = sampleEntries('pins', 1000);
    expect(() => encodeRecord({ ...plainCommit, pins })).toThrow(refusedFor('page_end'));
    const chunks = sampleEntries('chunks', 1000);
    const sizeBytes = chunks.reduce((sum, [, length]) => sum + length, 0);
    const blob: AnyRecord = {
      type: 'datum',
      kind: 'blob',
      sizeBytes,
      contentSha256: ids.key(),
      root: chunks,
    };
    for (const encode of [encodeRecord, (record: AnyRecord) => decodeRecord(encodeByCodec(record))])
      expect(() => encode(blob)).toThrow(refusedFor('page_end'));
    const nodes = Array.from({ length: 1000 }, (_, at) => ids.node(at));
    const call: AnyRecord = { type: 'node', kind: 'call', functionDatumId: ids.datum(), inputs: nodes };
    expect(() => encodeRecord(call)).toThrow(refusedFor('page_end'));
  });

  it('refuses chunks in front that are shorter than a cut allows [DML-OBJ-1913]', () => {
    const page = (...lengths: number[]): AnyRecord => ({
      type: 'page',
      role: 'chunks',
      level: 0,
      entries: lengths.map((length, at) => [ids.chunk(at), length] as const),
    });
    for (const encode of [encodeRecord, encodeByCodec]) {
      expect(() => encode(page(16_385, 1))).not.toThrow();
      expect(() => encode(page(16_384))).not.toThrow();
      expect(() => encode(page(16_384, 1))).toThrow(refusedFor('blob_chunks'));
    }
  });

  it('forgets the function of the last call when the next one is refused', () => {
    const call = (functionDatumId: string): AnyRecord =>
      ({ type: 'node', kind: 'call', functionDatumId, inputs: [] }) as unknown as AnyRecord;
    const expected = encodeByCodec(call(ids.datum()));
    const bad = `${'0'.repeat(63)}x`;
    for (const encode of [encodeRecord, encodeTransient]) {
      for (let again = 0; again < 2; again++) {
        expect(Buffer.compare(encode(call(ids.datum())), expected)).toBe(0);
        expect(() => encode(call(bad))).toThrow(refusedFor('id_form'));
        expect(() => encode(call(bad))).toThrow(refusedFor('id_form'));
        expect(Buffer.compare(encode(call(ids.datum())), expected)).toBe(0);
      }
    }
  });

  it('yields bytes that the caller owns, unless it asks for memory that is reused', () => {
    const literal = (datumId: string): AnyRecord =>
      ({ type: 'node', kind: 'literal', datumId }) as unknown as AnyRecord;
    const [first, second] = [literal('1'.repeat(64)), literal('2'.repeat(64))];
    const owned = encodeRecord(first);
    const transient = encodeTransient(first);
    expect(Buffer.compare(owned, transient)).toBe(0);
    encodeTransient(second);
    expect(Buffer.compare(transient, encodeRecord(second))).toBe(0);
    expect(Buffer.compare(owned, encodeRecord(first))).toBe(0);
  });

  it('throws its own error for values of any other shape', () => {
    const bad: unknown[] = [
      null,
      undefined,
      5,
      'x',
      [],
      {},
      { type: 'x' },
      { type: 'datum' },
      { type: 'node' },
      { type: 'page' },
      { type: 'commit' },
      { type: 'exec' },
      { type: 'exec', nodeKind: 'call' },
      { type: 'ref' },
      { type: 'tombstone' },
      { type: 'meta' },
      { type: 'dag' },
      { type: 'tree' },
      { type: 'exec-request' },
      { type: 'page', role: 'map', level: 0, entries: [null] },
      { type: 'page', role: 'map', level: 0, entries: [[1, 2]] },
      { type: 'page', role: 'set', level: 0, entries: [5, null] },
      { type: 'datum', kind: 'list', root: [undefined] },
      { type: 'datum', kind: 'map', root: [['a', {}]] },
      { type: 'datum', kind: 'set', root: null },
      { type: 'datum', kind: 'i64', value: 1 },
      { type: 'datum', kind: 'f64', value: '1' },
      { type: 'datum', kind: 'bytes', value: [1] },
      { type: 'node', kind: 'call', functionDatumId: ids.datum(), inputs: [5] },
    ];
    for (const record of bad) {
      expect(() => encodeRecord(record as AnyRecord), JSON.stringify(record)).toThrow(
        expect.objectContaining({ name: 'DmlError' }),
      );
    }
  });
});
