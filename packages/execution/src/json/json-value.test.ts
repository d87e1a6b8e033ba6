import type { ObjectSource } from '@daggerml/values';
import { blob, f64, lowerValue, Uri } from '@daggerml/values';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAs } from '../objects/decode-as.ts';
import { ObjectCollector } from '../testing/object-collector.ts';
import { InvalidJson, parseExactJson } from './exact-json.ts';
import { readJsonValue } from './read-value.ts';
import { JsonTooLong, writeJsonValue } from './write-value.ts';

class Objects extends ObjectCollector implements Pick<ObjectSource, 'readDatum'> {
  readDatum(datumId: string): never {
    return decodeAs(
      'datum',
      this.all.find(({ objectId }) => objectId === datumId)?.bytes as Uint8Array,
    ) as never;
  }

  async readChunk(): Promise<never> {
    throw new Error('no chunk is read');
  }
}

const noFile = (): never => {
  throw new Error('there is no file');
};

/** Returns the JSON of a value, and the ids of the value and of what its JSON stands for. */
function there(value: unknown): { json: string; ids: [string, string] } {
  const objects = new Objects();
  const datumId = lowerValue(value, objects, '');
  const json = writeJsonValue(datumId, { source: objects, pathOf: noFile, maxCharacters: 1e7 });
  return { json, ids: [datumId, lowerValue(readJsonValue(parseExactJson(json), noFile), objects, '')] };
}

const values = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, tie('scalar'), tie('list'), tie('map'), tie('set')),
  scalar: fc.oneof(
    fc.constantFrom(null, true, false),
    fc.string({ unit: 'grapheme' }),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double(),
    fc.double({ noNaN: true }).map((number) => f64(Math.round(number))),
    fc.uint8Array({ maxLength: 20 }),
  ),
  list: fc.array(tie('any'), { maxLength: 6 }),
  set: fc.array(tie('scalar'), { maxLength: 6 }).map((items) => new Set(items)),
  map: fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$set', '$', '__proto__')), tie('any'), {
    maxKeys: 6,
  }),
})).any;

describe('the JSON form of a value', () => {
  it('stands for the same datum [DML-EXE-3200]', () => {
    fc.assert(
      fc.property(values, (value) => {
        const { json, ids } = there(value);
        expect(ids[1], json).toBe(ids[0]);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [[1, 1.5, f64(2), -0], '[1,1.5,2.0,0]'],
    [2n ** 62n, '{"$i64":"4611686018427387904"}'],
    [Number.NaN, '{"$f64":"nan"}'],
    [-Infinity, '{"$f64":"-inf"}'],
    [Uint8Array.of(1, 2), '{"$bytes":"AQI="}'],
    [new Uri('https://example.org/x'), '{"$uri":"https://example.org/x"}'],
    [new Set([2, 1]), '{"$set":[1,2]}'],
    [{ $file: 'no file' }, '{"$map":{"$file":"no file"}}'],
    [{ a: [], b: {} }, '{"a":[],"b":{}}'],
  ])('is plain JSON, and a tag for what JSON has no form for: %#', (value, json) => {
    const found = there(value);
    expect(found.json).toBe(json);
    expect(found.ids[1]).toBe(found.ids[0]);
  });

  it('of a blob is a file with its SHA-256 and size [DML-EXE-3202]', () => {
    const objects = new Objects();
    const datumId = lowerValue(blob('content'), objects, '');
    const json = writeJsonValue(datumId, {
      source: objects,
      pathOf: () => '/somewhere/0',
      maxCharacters: 1000,
    });
    const sha256 = 'ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73';
    expect(JSON.parse(json)).toEqual({ $file: '/somewhere/0', sha256, sizeBytes: 7 });
    const read: unknown[] = [];
    readJsonValue(parseExactJson(json), (file) => read.push(file));
    expect(read).toEqual([{ path: '/somewhere/0', sha256 }]);
  });

  it('is not made where it is too long', () => {
    const objects = new Objects();
    const datumId = lowerValue('x'.repeat(100), objects, '');
    const options = { source: objects, pathOf: noFile };
    expect(writeJsonValue(datumId, { ...options, maxCharacters: 102 })).toHaveLength(102);
    expect(() => writeJsonValue(datumId, { ...options, maxCharacters: 101 })).toThrow(JsonTooLong);
  });
});

describe('parsing JSON', () => {
  it.each([
    ['1', 1],
    ['-0', 0],
    ['9007199254740993', 9007199254740993n],
    ['1.0', f64(1)],
    ['1e2', f64(100)],
    ['-0.5E-1', f64(-0.05)],
  ])('keeps the kind of the number %s [DML-EXE-3201]', (text, value) => {
    expect(parseExactJson(text)).toStrictEqual(value);
  });

  it('agrees with the language on JSON without numbers', () => {
    const asText = (_: string, value: unknown): unknown =>
      typeof value === 'number' ? String(value) : value;
    const texts = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value, asText));
    fc.assert(
      fc.property(texts, (text) => {
        expect(parseExactJson(` ${text}\n`)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['', 'ends too early'],
    ['[1,', 'ends too early'],
    ['{"a":1,"a":2}', 'the key "a" twice'],
    ['{"__proto__":1,"__proto__":2}', 'twice'],
    ['[1] 2', 'more than one value'],
    ['01', 'more than one value'],
    ['[1 2]', 'is no JSON'],
    ["'a'", 'is no JSON'],
    ['"a\nb"', 'text that is no JSON'],
    ['"a', 'text that is no JSON'],
    ['1e999', 'a number that no f64 holds'],
    ['NaN', 'is no JSON'],
  ])('refuses %j [DML-EXE-3209]', (text, problem) => {
    expect(() => parseExactJson(text)).toThrow(InvalidJson);
    expect(() => parseExactJson(text)).toThrow(problem);
  });

  it('refuses what is nested too deeply [DML-EXE-3209]', () => {
    expect(() => parseExactJson('['.repeat(2000))).toThrow('levels deep');
  });

  it.each([
    ['{"$date":"2020"}', 'the tag "$date" that there is not'],
    ['{"$i64":1}', 'the tag "$i64" with a content of another form'],
    ['{"$i64":"1.0"}', 'another form'],
    ['{"$f64":"big"}', 'another form'],
    ['{"$bytes":"AQ"}', 'another form'],
    ['{"$uri":1}', 'another form'],
    ['{"$set":{}}', 'another form'],
    ['{"$map":[]}', 'another form'],
    ['{"$file":"a","sha256":"b"}', 'another form'],
    ['{"$file":"a","more":1}', 'another form'],
    ['{"$set":[],"more":1}', 'with other keys'],
  ])('refuses the value %j [DML-EXE-3209]', (text, problem) => {
    expect(() => readJsonValue(parseExactJson(text), noFile)).toThrow(problem);
  });
});
