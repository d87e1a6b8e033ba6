import { describe, expect, it } from 'vitest';
import { encodeByCborg } from '../../test/oracles.ts';
import { ids, plainCommit, sampleRecords, scalar } from '../../test/support/samples.ts';
import { ROLES, sampleEntries } from '../../test/support/tree-samples.ts';
import { LINK_BYTES } from '../cbor/link-bytes.ts';
import { DmlError } from '../errors.ts';
import { RECORD_TYPE_NUMBERS } from '../object-class.ts';
import { LevelBuilder } from '../search-tree/level-builder.ts';
import { decodeRecord } from './decode-record.ts';
import { encodeElement } from './element.ts';
import { encodeByCodec, encodeRecord, encodeTransient, MAX_RECORD_BYTES } from './encode-record.ts';
import { writeEntry } from './entry.ts';
import type { PageRecord } from './page-types.ts';
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
    const raw = (sizeBytes: number): Uint8Array => encodeByCborg([1, 2, 6, 'a'.repeat(sizeBytes - overhead)]);
    expect(raw(MAX_RECORD_BYTES)).toHaveLength(MAX_RECORD_BYTES);
    expect(decodeRecord(raw(MAX_RECORD_BYTES), 'datum').kind).toBe('string');
    expect(() => decodeRecord(raw(MAX_RECORD_BYTES + 1))).toThrow(refusedFor('record_size'));
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
    const raw = encodeByCborg([1, 2, 8, items.map((_, at) => [3, at])]);
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

  it('returns bytes that the caller owns [DML-OBJ-0229]', () => {
    const samples = sampleRecords();
    for (const record of samples) {
      const first = encodeRecord(record);
      const kept = first.slice();
      for (const other of samples) encodeRecord(other);
      for (let round = 0; round < 300; round++) encodeRecord(scalar.bytesOf(round * 7));
      expect(Buffer.compare(first, kept)).toBe(0);
      first.fill(0xff);
      expect(Buffer.compare(encodeRecord(record), kept)).toBe(0);
    }
  });

  it('writes the form of links [DML-OBJ-0302] [DML-OBJ-0303]', () => {
    const literal = encodeRecord({ type: 'node', kind: 'literal', datumId: ids.datum() });
    expect(Buffer.from(literal.subarray(4)).toString('hex')).toBe(`d82a58250001711220${ids.datum()}`);
    expect(LINK_BYTES).toBe(41);
    expect(literal.length).toBe(4 + LINK_BYTES);
    const entries: PageRecord['entries'] = [[ids.chunk(), 1]];
    const chunks = encodeRecord({ type: 'page', role: 'chunks', level: 0, entries } as PageRecord);
    expect(Buffer.from(chunks).toString('hex')).toContain(`d82a58250001551220${ids.chunk()}01`);
  });

  it('throws its own error for values of any other shape', () => {
    const bad: unknown[] = [
      ...[null, undefined, 5, 'x', [], {}],
      { type: 'x' },
      ...Object.keys(RECORD_TYPE_NUMBERS).map((type) => ({ type })),
      { type: 'exec', nodeKind: 'call' },
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

function refusal(record: unknown): DmlError {
  try {
    encodeRecord(record as AnyRecord);
  } catch (error) {
    if (error instanceof DmlError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a refused record', () => {
  it('names each member of each type that has another form [DML-OBJ-2900]', () => {
    for (const record of sampleRecords()) {
      for (const member of Object.keys(record)) {
        const error = refusal({ ...record, [member]: { secret: 'SECRET' } });
        const { fields, message } = error;
        expect(fields).toMatchObject({ field: member, found: 'an object' });
        expect(String(fields.expected).length).toBeGreaterThan(3);
        expect(message).toContain(`${member}: expected ${fields.expected}, found an object`);
        expect(message).not.toContain('SECRET');
        if (member !== 'type') expect(error.recordType).toBe(record.type);
      }
    }
  });

  it('names path, expectation and finding, and keeps code and detail [DML-OBJ-2900]', () => {
    const id = ids.datum();
    const list = (...root: unknown[]): unknown => ({ type: 'datum', kind: 'list', root });
    const commit = (more: object): unknown => ({ ...plainCommit, ...more });
    const i64 = (value: number): unknown => ({ type: 'datum', kind: 'i64', value });
    const page = (role: string, level: number, entry: unknown): unknown => ({
      type: 'page',
      role,
      level,
      entries: [entry],
    });
    const dag = (rootNodeId: string, ...names: unknown[]): unknown => ({ type: 'dag', rootNodeId, names });
    const rows: readonly (readonly [record: unknown, refused: string])[] = [
      [undefined, 'record_type type: meta, datum, … nothing'],
      [
        { type: 'toString' },
        'record_type type: meta, … stub, reference or federated-snapshot, found a text of 8 characters',
      ],
      [{ type: 'commit' }, 'id_form treeId: the id of a tree, … nothing'],
      [{ type: 'node', kind: 'x' }, 'node_kind kind: literal, call, import or builtin, … 1 characters'],
      [dag('abc'), 'id_form rootNodeId: the id of a node, … a text of 3 characters'],
      [i64(1), 'field_type value: a bigint from … a number'],
      [list(id, i64(1.5)), 'field_type root[1].value: a bigint … a number that is no integer'],
      [list(id, id.toUpperCase()), 'id_form root[1]: the id of a datum, … a text of 64 characters'],
      [commit({ pins: [[ids.node(), 'x']] }), 'id_form pins[0][1]: the id of an exec, … 1 characters'],
      [commit({ pins: [[ids.node()]] }), 'entry_form pins[0]: an array of 2 members, … an array of 1'],
      [
        commit({ parentCommitIds: [ids.commit(), null] }),
        'id_form parentCommitIds[1]: the id of a commit, … null',
      ],
      [
        commit({ parentCommitIds: [ids.commit(), ids.commit()] }),
        'parents_repeat parentCommitIds: … distinct ids of the class commit, found an array of 2',
      ],
      [commit({ authoredMs: -1 }), 'integer_range authoredMs: … from 0 to 2^53-1, found a negative number'],
      [
        commit({ author: 'é'.repeat(128) }),
        'text_length author: a text of at most 255 bytes, … a text of 128 characters',
      ],
      [page('list', 16, id), 'page_level level: an integer from 0 to 15, … a number'],
      [page('chunks', 0, [ids.chunk(), 0]), 'entry_form entries[0][1]: … from 1 to 131,072, found a number'],
      [
        dag(ids.node(), ['root', ids.node()]),
        'root_name_reserved names[0][0]: a name other than "root", … a text of 4 characters',
      ],
    ];
    for (const [record, refused] of rows) {
      const { detail, fields, reason } = refusal(record);
      const [start, end] = refused.split('… ') as [string, string];
      const said = `${detail} ${fields.field}: ${fields.expected}, found ${fields.found}`;
      expect(said.startsWith(start.trim()) && said.endsWith(end), said).toBe(true);
      expect(reason).toContain(`;detail=${detail}`);
    }
  });

  it('names no member where only the whole is wrong [DML-OBJ-2900]', () => {
    const error = refusal(scalar.string('a'.repeat(MAX_RECORD_BYTES)));
    expect(error).toMatchObject({ detail: 'record_size', recordType: 'datum' });
    expect(error.fields).not.toHaveProperty('field');
  });
});
