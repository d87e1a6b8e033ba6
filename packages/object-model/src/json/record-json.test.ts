import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { ids, sampleRecords, scalar } from '../../test/support/samples.ts';
import { encodeRecord } from '../records/encode-record.ts';
import { recordJsonSchemaDocument } from './json-schema.ts';
import { recordFromJson, recordToJson } from './record-json.ts';

const schemaFile = join(import.meta.dirname, '../../schema/record.schema.json');

describe('the JSON form', () => {
  it('is read back as the same record [DML-OBJ-2201]', () => {
    for (const record of sampleRecords()) {
      const text = JSON.stringify(recordToJson(record));
      const back = recordFromJson(JSON.parse(text));
      expect(back).toEqual(record);
      expect(encodeRecord(back)).toEqual(encodeRecord(record));
    }
  });

  it('fits its schema, judged by another validator [DML-OBJ-2202]', () => {
    const schema = JSON.parse(readFileSync(schemaFile, 'utf8')) as AnySchemaObject;
    const validate = new Ajv2020({ strict: false }).compile(schema);
    for (const record of sampleRecords()) {
      expect(
        validate(JSON.parse(JSON.stringify(recordToJson(record)))),
        JSON.stringify(validate.errors),
      ).toBe(true);
    }
    for (const other of [
      null,
      {},
      { type: 'datum' },
      { type: 'datum', kind: 'null', more: 1 },
      { type: 'datum', kind: 'i64', value: 0.5 },
    ]) {
      expect(validate(other)).toBe(false);
    }
  });

  it('refuses a type that is no text', () => {
    for (const type of [{ toString: 1, valueOf: 1 }, ['datum'], Symbol('datum'), 2, null, '__proto__']) {
      expect(() => recordFromJson({ type, kind: 'null' })).toThrowError(
        expect.objectContaining({ code: 'invalid_payload', detail: 'json_form' }),
      );
    }
  });

  it('has the schema that is checked in [DML-OBJ-2210]', async () => {
    await expect(`${JSON.stringify(recordJsonSchemaDocument(), null, 2)}\n`).toMatchFileSnapshot(schemaFile);
  });

  it('leaves the type out of inline elements [DML-OBJ-2208]', () => {
    const json = recordToJson({ type: 'datum', kind: 'list', root: [scalar.i64(5), scalar.nothing] });
    expect(json).toEqual({
      type: 'datum',
      kind: 'list',
      root: [{ kind: 'i64', value: 5 }, { kind: 'null' }],
    });
  });

  it('shows a root as its entries or as a link [DML-OBJ-2209]', () => {
    const json = (root: never): unknown =>
      (recordToJson({ type: 'datum', kind: 'map', root }) as { readonly root: unknown }).root;
    expect(json([['a', scalar.bool(true)]] as never)).toEqual([['a', { kind: 'bool', value: true }]]);
    expect(json(ids.page() as never)).toEqual({ '/': expect.stringMatching(/^bafyrei[a-z2-7]+$/) });
  });

  it('survives the limits of JSON numbers [DML-OBJ-2206]', () => {
    for (const value of [2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n), 0n]) {
      const json = JSON.parse(JSON.stringify(recordToJson(scalar.i64(value)))) as { readonly value: unknown };
      expect(typeof json.value).toBe(value < 2n ** 53n && value > -(2n ** 53n) ? 'number' : 'string');
      expect(recordFromJson(json)).toEqual(scalar.i64(value));
    }
  });

  it('spells floats that JSON lacks [DML-OBJ-2207]', () => {
    const spelled = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) =>
      recordToJson(scalar.f64(value)),
    );
    expect(spelled.map((json) => (json as { readonly value: unknown }).value)).toEqual([
      'nan',
      'inf',
      '-inf',
    ]);
  });

  it('writes bytes in the standard alphabet without padding, and reads nothing else [DML-OBJ-2205]', () => {
    const rows = [
      ['', []],
      ['+/8', [0xfb, 0xff]],
      ['AQ', [1]],
      ['AQI', [1, 2]],
      ['AQID', [1, 2, 3]],
    ] as const;
    const jsonOf = (bytes: string): unknown => ({ type: 'datum', kind: 'bytes', value: { '/': { bytes } } });
    for (const [text, bytes] of rows) {
      const datum = { type: 'datum', kind: 'bytes', value: Uint8Array.from(bytes) } as const;
      expect(recordToJson(datum)).toEqual(jsonOf(text));
      expect(recordFromJson(jsonOf(text))).toEqual(datum);
    }
    const others = [
      '-_8',
      '+/8=',
      'AQ==',
      'AQ=',
      'AR',
      'AQJ',
      '+/9',
      'A',
      'AQIDA',
      'AQ ID',
      ' AQ',
      'AQ\n',
      'AQ\u0131',
      'A*',
    ];
    for (const text of others) {
      const refusal = expect.objectContaining({ code: 'invalid_payload', detail: 'json_form' });
      expect(() => recordFromJson(jsonOf(text)), text).toThrowError(refusal);
    }
  });
});
