import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { encodeRecord } from '@daggerml/object-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { functionTag } from './function-brand.ts';
import { lowerDeeply } from './lower-deeply.ts';
import { MemoryObjects } from './testing/memory-objects.ts';
import { Uri } from './uri.ts';
import { blob, f64 } from './wrapped-values.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const objects = new MemoryObjects();

function refusal(value: unknown): object {
  try {
    objects.lower(value);
  } catch (error) {
    const { code, fields } = error as { code: string; fields: object };
    return { code, ...fields };
  }
  return {};
}

/** A handle of a blob that is in other objects than those of these tests. */
function foreignBlob(): unknown {
  const others = new MemoryObjects();
  return others.lift(others.lower(blob('elsewhere')));
}

describe('lowerValue', () => {
  it('refuses two keys that are equal after NFC, and keeps each as given otherwise [DML-BND-0715]', () => {
    const spellings = ['\u00e9', 'e\u0301'];
    for (const value of [
      Object.fromEntries(spellings.map((key, at) => [key, at])),
      new Map(spellings.map((key, at) => [key, at])),
      { a: { '\u1e9b\u0323': 1, z: 2, '\u1e9b\u0323\u0301': 3, '\u017f\u0323\u0307': 4 } },
    ]) {
      expect(() => objects.lower(value)).toThrow(
        expect.objectContaining({
          code: 'unsupported_value',
          message: expect.stringContaining('normal form'),
        }),
      );
    }
    for (const key of [...spellings, '\u0958', '\u212b'])
      expect(Object.keys(objects.lift(objects.lower({ [key]: 1, other: 2 })) as object)).toContain(key);
  });

  it('lowers each kind of value to the datum of the table [DML-BND-0701]', () => {
    const scalars: [unknown, object][] = [
      [null, { kind: 'null' }],
      [true, { kind: 'bool', value: true }],
      [7, { kind: 'i64', value: 7n }],
      [-0, { kind: 'i64', value: 0n }],
      [Number.MAX_SAFE_INTEGER, { kind: 'i64', value: 9007199254740991n }],
      [2 ** 53, { kind: 'f64', value: 2 ** 53 }],
      [0.5, { kind: 'f64', value: 0.5 }],
      [Number.NaN, { kind: 'f64', value: Number.NaN }],
      [Number.NEGATIVE_INFINITY, { kind: 'f64', value: Number.NEGATIVE_INFINITY }],
      [-(2n ** 63n), { kind: 'i64', value: -(2n ** 63n) }],
      [f64(3), { kind: 'f64', value: 3 }],
      [f64(-0), { kind: 'f64', value: 0 }],
      ['e\u0301', { kind: 'string', value: 'e\u0301' }],
      ['\u0958', { kind: 'string', value: '\u0958' }],
      [new Uint8Array([1, 2]), { kind: 'bytes', value: new Uint8Array([1, 2]) }],
      [Buffer.from([3]), { kind: 'bytes', value: new Uint8Array([3]) }],
      [new Uri('https://example.org/a'), { kind: 'uri', value: 'https://example.org/a' }],
    ];
    for (const [value, datum] of scalars) {
      expect(objects.lower(value)).toBe(objects.putDatum(encodeRecord({ type: 'datum', ...datum } as never)));
    }
    const kinds = [[1], new Set([1]), { a: 1 }, new Map([['a', 1]]), blob('text')];
    expect(kinds.map((value) => objects.readDatum(objects.lower(value)).kind)).toEqual([
      'list',
      'set',
      'map',
      'map',
      'blob',
    ]);
    expect(objects.lower(new Map([['a', 1]]))).toBe(objects.lower({ a: 1 }));
    expect(objects.readDatum(objects.lower(blob('ab')))).toMatchObject({
      sizeBytes: 2,
      contentSha256: createHash('sha256').update('ab').digest('hex'),
    });
  });

  it('refuses what has no datum form for its size or its parts [DML-BND-0702]', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 2000; level++) deep = [deep];
    const values: unknown[] = [
      -(2n ** 63n) - 1n,
      'a\ud800',
      Object.create({ inherited: true }),
      foreignBlob(),
      f64('1' as never),
      'x'.repeat(2 ** 20),
      { ['k'.repeat(5000)]: 1 },
      deep,
    ];
    expect(values.map((value) => (refusal(value) as { code: string }).code)).toEqual(
      values.map(() => 'unsupported_value'),
    );
  });

  it('refuses what has no datum form by path, finding and what to write instead [DML-BND-0702] [DML-BND-0703]', () => {
    class Model {}
    const throwing = {
      get broken(): never {
        throw new Error('no');
      },
    };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const steps = { fit: { [functionTag]: undefined, exportName: 'fit' } };
    const cases: [unknown, string, RegExp, RegExp][] = [
      [{ options: { callback: () => 1 } }, 'options.callback', /^the function callback$/, /dag\.call/],
      [{ rows: [1, { 'a b': [undefined] }] }, 'rows[1]["a b"][0]', /^undefined$/, /use null/],
      [new Map([['a', undefined]]), 'a', /^undefined$/, /leave it out or use null/],
      [new Map([['m', new Set([new Date(0)])]]), 'm{0}', /^a Date$/, /ISO string/],
      [Object.assign(new Array(3), { 0: 1, 2: 3 }), '[1]', /^a hole in an array$/, /null/],
      [undefined, 'the value', /^undefined$/, /null/],
      [[2n ** 64n], '[0]', /^a bigint outside of -2\^63 to 2\^63 - 1$/, /text/],
      [{ model: new Model() }, 'model', /^an instance of the class Model$/, /\{ \.\.\.value \}/],
      [new (class Pt {})(), 'the value', /^an object with a prototype of its own$/, /\{ \.\.\.value \}/],
      [[Symbol('s')], '[0]', /^a symbol$/, /text/],
      [{ [Symbol('s')]: 1 }, 'the value', /^an object with the symbol key Symbol\(s\)$/, /string/],
      [Promise.resolve(1), 'the value', /^a promise$/, /await/],
      [new URL('https://example.org'), 'the value', /^a URL$/, /Uri\.fromString/],
      [new Float64Array(1), 'the value', /^a Float64Array$/, /Uint8Array/],
      [new DataView(new ArrayBuffer(1)), 'the value', /^a DataView$/, /new Uint8Array\(value.buffer/],
      [
        Object.create({ [Symbol.iterator]: null, constructor: 0 }),
        'the value',
        /^an iterable object$/,
        /value/,
      ],
      [new ArrayBuffer(1), 'the value', /^an ArrayBuffer$/, /new Uint8Array\(buffer\)/],
      [new Error('x'), 'the value', /^an error$/, /message/],
      [/x/, 'the value', /^a RegExp$/, /source/],
      [Object(1), 'the value', /^a Number object$/, /valueOf/],
      [[1].values(), 'the value', /^an iterable Iterator$|^an iterable Object$/, /\[\.\.\.value\]/],
      [new Map([[1, 2]]), 'the value', /^a Map with a key that is a number$/, /list of pairs/],
      [{ fit: steps.fit }, 'fit', /^a reference to the function fit$/, /dag\.call/],
      [[throwing], '[0]', /throws when it is read/, /plain object/],
      [{ p: revoked.proxy }, 'p', /throws when it is read/, /plain object/],
      [{ 'a\ud800': 1 }, '["a\ufffd"]', /lone surrogate/, /toWellFormed/],
    ];
    for (const [value, path, found, instead] of cases) {
      expect(refusal(value)).toEqual({
        code: 'unsupported_value',
        path,
        found: expect.stringMatching(found),
        instead: expect.stringMatching(instead),
      });
    }
  });

  it('refuses collections that hold more than their elements, anywhere in a value [DML-VAL-0301]', () => {
    class Rows extends Array<number> {}
    class Tags extends Set<string> {}
    class Index extends Map<string, number> {}
    const hidden = (value: object, key: PropertyKey): object =>
      Object.defineProperty(value, key, { value: 1 });
    const args = (function (..._: number[]) {
      // biome-ignore lint/complexity/noArguments: it is what a caller may return.
      return arguments;
    })(1, 2);
    const long = Array.from({ length: 5000 }, () => 0);
    const tagged = ((strings: TemplateStringsArray) => strings)`a`;
    type Case = [value: unknown, found: RegExp, instead: RegExp];
    const cases: Case[] = [
      [/(?<y>\d+)/.exec('a 2020'), /^a match of a regular expression$/, /match\.groups/],
      [Object.assign([1], { w: 1 }), /^an Array with the property "w"$/, /\[\.\.\.value\]/],
      [Object.assign([...long], { w: 1 }), /^an Array with the property "w"$/, /\[\.\.\.value\]/],
      [hidden([1], 'w'), /^an Array with the property "w"$/, /\[\.\.\.value\]/],
      [hidden([...long], Symbol('w')), /^an Array with the property Symbol\(w\)$/, /\[\.\.\.value\]/],
      [tagged, /^an Array with the property "raw"$/, /\[\.\.\.value\]/],
      [Rows.of(1), /^an instance of the class Rows, which extends Array$/, /\[\.\.\.value\]/],
      [new Tags(['a']), /^an instance of the class Tags, which extends Set$/, /new Set\(value\)/],
      [new Index([['a', 1]]), /^an instance of the class Index, which extends Map$/, /new Map\(value\)/],
      [Object.assign(new Set([1]), { w: 1 }), /^a Set with the property "w"$/, /new Set\(value\)/],
      [hidden(new Map([['a', 1]]), 'w'), /^a Map with the property "w"$/, /new Map\(value\)/],
      [hidden({ a: 1 }, 'w'), /^an object with the hidden property "w"$/, /\{ \.\.\.value \}/],
      [args, /^the arguments of a function$/, /\[\.\.\.arguments\]/],
      ...[new Uint8Array(2), Buffer.alloc(2), new Uint8Array(5000), Buffer.alloc(5000)].flatMap((bytes) =>
        [Object.assign(bytes.subarray(), { w: 1 }), hidden(bytes.subarray(), Symbol('w'))].map(
          (odd): Case => [odd, /^bytes with properties of their own$/, /new Uint8Array\(value\)/],
        ),
      ),
    ];
    for (const [value, found, instead] of cases)
      for (const [outer, path] of [
        [value, 'the value'],
        [{ at: [value] }, 'at[0]'],
      ] as const)
        expect(refusal(outer)).toEqual({
          code: 'unsupported_value',
          path,
          found: expect.stringMatching(found),
          instead: expect.stringMatching(instead),
        });
    const other = runInNewContext('({ list: [1], set: new Set([1]), map: new Map([["a", 1]]) })');
    expect(objects.lower(other.list)).toBe(objects.lower([1]));
    expect(objects.lower(long)).toBe(objects.lower(Array.from(long)));
  });

  it('leaves out keys of objects without a value, as JSON does [DML-VAL-0302]', () => {
    expect(objects.lower({ a: 1, b: undefined })).toBe(objects.lower({ a: 1 }));
    expect(objects.lower([{ b: undefined }])).toBe(objects.lower([{}]));
    expect(refusal([undefined])).toMatchObject({ code: 'unsupported_value', path: '[0]' });
    expect(refusal(new Map([['b', undefined]]))).toMatchObject({ code: 'unsupported_value', path: 'b' });
  });

  it('tells a function that returned nothing to return null', async () => {
    const refused = lowerDeeply(undefined, objects, 'result');
    await expect(refused).rejects.toThrow(
      'unsupported_value: result is undefined and cannot be stored; return null where',
    );
  });

  it('reads collections by their own enumerable string keys, getters and proxies included [DML-BND-0714]', () => {
    const plain = objects.lower({ a: 1, b: [2] });
    const getting = {
      a: 1,
      get b(): number[] {
        return [2];
      },
    };
    const bare = Object.assign(Object.create(null) as object, { a: 1, b: [2] });
    for (const same of [getting, bare, new Proxy({ a: 1, b: [2] }, {}), new Map(Object.entries(getting))]) {
      expect(objects.lower(same)).toBe(plain);
    }
  });

  it('keeps NUL and the empty key', () => {
    const value = { '': 'a\0b', '\0': '' };
    expect(objects.lift(objects.lower(value))).toEqual(value);
  });

  it('lowers what occurs many times once [DML-BND-0713]', () => {
    let shared: unknown = [1];
    for (let level = 0; level < 200; level++) shared = [shared, { again: shared }];
    const puts = objects.size;
    objects.lower(shared);
    expect(objects.size - puts).toBeLessThan(1000);
  });

  it('refuses a collection that contains itself [DML-BND-0705]', () => {
    const list: unknown[] = [];
    list.push({ back: list });
    expect(refusal({ list })).toMatchObject({
      code: 'cyclic_value',
      path: 'list[0].back',
      found: 'a reference back to list',
    });
    const shared = [1];
    expect(refusal([shared, shared])).toEqual({});
  });

  it('gives the same id whatever the order of the keys [DML-BND-0706]', () => {
    expect(objects.lower({ b: 1, a: 2, '\u{1F600}': 3, '\uFF5E': 4 })).toBe(
      objects.lower({ '\uFF5E': 4, '\u{1F600}': 3, a: 2, b: 1 }),
    );
    expect(objects.lower(new Set([3, 'a', 1]))).toBe(objects.lower(new Set([1, 3, 'a'])));
  });

  it('refuses a Uri with the reserved scheme [DML-BND-1003]', () => {
    expect(refusal({ at: new Uri('dml://list/construct') })).toMatchObject({
      code: 'reserved_scheme',
      path: 'at',
    });
  });

  it('lowers what was lifted to the same id [DML-BND-0804]', () => {
    const leaf = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double().filter((x) => !Number.isInteger(x) || Number.isSafeInteger(x)),
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array({ maxLength: 200 }),
      fc.constant('__proto__'),
      fc.constantFrom(new Uri('https://example.org/'), blob('one'), blob('two')),
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ depthSize: 'small' }, leaf, tie('list'), tie('map'), tie('set')),
      list: fc.array(tie('any'), { maxLength: 6 }),
      map: fc.dictionary(fc.oneof(fc.string({ maxLength: 5 }), fc.constant('__proto__')), tie('any'), {
        maxKeys: 6,
      }),
      set: fc.array(leaf, { maxLength: 6 }).map((items) => new Set(items)),
    })).any;
    fc.assert(
      fc.property(value, (original) => {
        const datumId = objects.lower(original);
        expect(objects.lower(objects.lift(datumId))).toBe(datumId);
      }),
      { numRuns: 300 },
    );
  });
});

describe('liftDatum', () => {
  it('lifts an i64 to a number when it is safe, to a bigint when not [DML-BND-0801]', () => {
    const values = [0, -5, Number.MAX_SAFE_INTEGER, 2n ** 53n, -(2n ** 63n)];
    expect(values.map((value) => objects.lift(objects.lower(value)))).toEqual(values);
    expect(objects.lift(objects.lower(12n))).toBe(12);
  });

  it('gives a map each key as its own property, __proto__ too [DML-BND-0802]', () => {
    const value = JSON.parse('{ "__proto__": { "a": 1 }, "b": 2 }') as object;
    const lifted = objects.lift(objects.lower(value)) as object;
    expect(Object.keys(lifted).sort()).toEqual(['__proto__', 'b']);
    expect(Object.getPrototypeOf(lifted)).toBe(Object.prototype);
    expect('a' in lifted).toBe(false);
  });

  it('lifts a blob to a handle without reading it [DML-BND-0803]', () => {
    const datumId = objects.lower(blob(new Uint8Array(300_000)));
    const before = objects.chunkReads;
    expect(objects.lift(datumId)).toMatchObject({ sizeBytes: 300_000 });
    expect(objects.chunkReads).toBe(before);
  });
});

describe('blobs', () => {
  const pieces = [new Uint8Array(200_000).fill(1), new Uint8Array(100_000).fill(2)];
  const whole = Buffer.concat(pieces);

  it('are made from text, bytes and streams of bytes [DML-BND-0901]', async () => {
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      yield* pieces;
    };
    const fromBytes = objects.lower(blob(whole));
    expect(await lowerDeeply(blob(stream()), objects, '')).toBe(fromBytes);
    expect(objects.lower(blob(pieces))).toBe(fromBytes);
    expect(await lowerDeeply({ a: [blob(stream())] }, objects, '')).toBe(objects.lower({ a: [blob(whole)] }));
    expect(objects.lower(blob('h\u00e4'))).toBe(objects.lower(blob(new TextEncoder().encode('h\u00e4'))));
    expect(refusal({ a: blob(stream()) })).toMatchObject({ code: 'unsupported_value', path: 'a' });
  });

  it('are read as a stream, as one array and as text [DML-BND-0908]', async () => {
    const handle = objects.lift(objects.lower(blob(whole))) as {
      stream(): AsyncIterable<Uint8Array>;
      bytes(): Promise<Uint8Array>;
    };
    const read: Uint8Array[] = [];
    for await (const piece of handle.stream()) read.push(piece);
    expect(read.length).toBeGreaterThan(1);
    expect(Buffer.concat(read).equals(whole)).toBe(true);
    expect(Buffer.from(await handle.bytes()).equals(whole)).toBe(true);
    const text = objects.lift(objects.lower(blob('\ufeffh\u00e4'))) as { text(): Promise<string> };
    expect(await text.text()).toBe('\ufeffh\u00e4');
  });
});

describe('Uri', () => {
  it('refuses text that is not in canonical form [DML-BND-1001]', () => {
    expect(new Uri('https://example.org/a').toString()).toBe('https://example.org/a');
    for (const text of ['HTTPS://a.org/', 'https://a.org', 'https://a.org/b/../c', 'no uri'])
      expect(() => new Uri(text)).toThrow(expect.objectContaining({ code: 'invalid_payload' }));
    expect(() => new Uri('HTTPS://example.org/')).toThrow(/Uri\.fromString\(text\) makes one of it/);
    expect(() => new Uri('no uri')).toThrow(/the text is no absolute URI \(uri_/);
    expect(inspect(new Uri('https://example.org/a'))).toBe('Uri { https://example.org/a }');
  });

  it('brings text into canonical form with fromString [DML-BND-1002]', () => {
    expect(Uri.fromString('HTTPS://Example.org:443/a/../b').toString()).toBe('https://example.org/b');
    expect(() => Uri.fromString('no uri')).toThrow(expect.objectContaining({ code: 'invalid_payload' }));
  });
});
