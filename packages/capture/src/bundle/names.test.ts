import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture } from '../testing/capture-fixture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());
const bundleOf = (source: string): string => fixture.bundleOf(source);
const call = (source: string, ...inputs: unknown[]): Promise<unknown> => fixture.call(source, inputs);

const shapes = `
class Point { constructor(readonly x: number) {} }
const helper = (x: number) => x + 1;
function twice(x: number) { return helper(helper(x)); }
export const clean = (x: number) => {
  const local = twice(x);
  return { kind: new Point(local).constructor.name, value: local };
};`;

describe('names that code can read', () => {
  it('are those of the source [DML-EXE-0518]', async () => {
    expect(await call(shapes, 1)).toEqual({ kind: 'Point', value: 3 });
    const source = `
      const arrow = () => 1;
      const expression = function () { return 1 };
      const named = function inner() { return 1 };
      function declared() { return 1 }
      async function* stream() { yield 1 }
      const Anonymous = class {};
      class Failure extends Error { override name = this.constructor.name }
      class Stated { static label = Stated.name; static self() { return Stated.label } }
      const table = { method() {}, arrow: () => 1, get read() { return 1 }, ['comp' + 'uted']: () => 1 };
      let late; late = () => 1;
      const { dflt = () => 1 } = {} as { dflt?: () => number };
      const list = [arrow, expression, named, declared, stream, Anonymous, table.method, table.arrow, table.computed, late, dflt];
      export const clean = () => [
        ...list.map((f) => f.name), new Failure('x').name, Stated.self(), (() => 1).name, (class {}).name,
        Object.getOwnPropertyDescriptor(table, 'read')!.get!.name, clean.name,
      ];`;
    expect(await call(source)).toEqual([
      ...['arrow', 'expression', 'inner', 'declared', 'stream', 'Anonymous', 'method', 'arrow', 'computed'],
      ...['late', 'dflt', 'Failure', 'Stated', '', '', 'get read', 'clean'],
    ]);
  });

  it('are those of the source in every other way to read them', async () => {
    const of = (expression: string): Promise<unknown> =>
      call(`class Point { x = 1 } const key = ['na', 'me'].join('');
        import { inspect } from 'node:util';
        const nameOf = (o: object) => { const { constructor: { name } } = o; return name };
        export const clean = () => ${expression};`);
    expect(await of(`nameOf(new Point())`)).toBe('Point');
    expect(await of(`Point['name']`)).toBe('Point');
    expect(await of(`Point?.name`)).toBe('Point');
    expect(await of(`inspect(new Point())`)).toBe('Point { x: 1 }');
    expect(await of(`Reflect.ownKeys(Point).includes('name') && Reflect.get(Point, key)`)).toBe('Point');
  });

  it('are part of the identity where code may read them [DML-EXE-0519]', () => {
    expect(bundleOf(shapes.replaceAll('Point', 'Pair'))).not.toBe(bundleOf(shapes));
    const read = `const parse = (x: string) => +x; const all = [parse];
      export const clean = (rows: string[]) => [rows.map(parse), all.map((f) => f.name)];`;
    expect(bundleOf(read.replaceAll('parse', 'convert'))).not.toBe(bundleOf(read));
  });

  it('are no part of the identity where no code can read them [DML-EXE-0520]', () => {
    // The bundle reads a name, but not that of a function which is only ever called.
    const renamed = shapes
      .replaceAll('helper', 'plusOne')
      .replaceAll('twice', 'plusTwo')
      .replaceAll('local', 'result');
    expect(bundleOf(renamed)).toBe(bundleOf(shapes));
    const passed = `class Row { x = 1 } const parse = (x: string) => +x; export const clean = (rows: string[]) => [rows.map(parse), new Row().x];`;
    expect(bundleOf(passed.replaceAll('parse', 'convert').replaceAll('Row', 'Line'))).toBe(bundleOf(passed));
  });

  it('show in printed objects', async () => {
    const source = 'class Point { x = 1 } export const clean = () => { console.log(new Point()) }';
    const lines: unknown[] = [];
    const original = console.log;
    console.log = (value: object) => lines.push(value.constructor.name);
    await call(source).finally(() => {
      console.log = original;
    });
    expect(lines).toEqual(['Point']);
    const parse = (name: string): string =>
      bundleOf(
        `const ${name} = (x: string) => +x; export const clean = (xs: string[]) => { console.log(xs.map(${name})) }`,
      );
    expect(parse('parse')).toBe(parse('convert'));
  });
});

describe('the text of a function', () => {
  const serialise = `
/** Adds. */
const add = (first: number, second: number) => {
  // one and one
  const sum = first + second;
  return sum;
};
class Point { x = 1 }
function double(x: number) { return x * 2 }
export const clean = () => [add.toString(), \`\${double}\`, String(Point), add.name, new Point().constructor.name];`;

  it('is that of the source without types and comments where code reads it [DML-EXE-0521]', async () => {
    expect(await call(serialise)).toEqual([
      '(first, second) => {\n  const sum = first + second;\n  return sum;\n}',
      'function double(x) {\n  return x * 2;\n}',
      'class {\n  x = 1;\n}',
      'add',
      'Point',
    ]);
    const inOther = `const run = (task: () => number) => [task(), task.toString()]; export const clean = () => run(() => 40 + 2);`;
    expect(await call(inOther)).toEqual([42, '() => 40 + 2']);
    expect(bundleOf(serialise.replaceAll('sum', 'total'))).not.toBe(bundleOf(serialise));
    expect(bundleOf(serialise.replaceAll('one and one', 'two').replaceAll('\n', '\n\n'))).toBe(
      bundleOf(serialise),
    );
  });

  it('is short where no code of the author reads it', () => {
    const source = (name: string): string =>
      `export const clean = (${name}: number) => ${name}.toString() + String(${name}) + \`\${${name}}\`;`;
    expect(bundleOf(source('value'))).toBe(bundleOf(source('other')));
  });
});

describe('libraries in a bundle', () => {
  it('behave as they do when Node loads them', async () => {
    const [acorn, check] = [import.meta.resolve('acorn'), import.meta.resolve('fast-check')].map((url) =>
      fileURLToPath(url),
    );
    const body = `[
      JSON.stringify(parse('class A { #x = 1 } export default (a) => a ?? b', { ecmaVersion: 2022, sourceType: 'module' })),
      sample(record({ name: string(), list: array(integer()) }), { seed: 7, numRuns: 20 }),
      stringify(new Map([[{ a: -0 }, [1n]]])),
    ]`;
    const source = `import { parse } from ${JSON.stringify(acorn)};
      import { array, integer, record, sample, string, stringify } from ${JSON.stringify(check)};
      export const clean = () => ${body};`;
    const file = join(fixture.root, 'direct.mjs');
    writeFileSync(file, source);
    const direct = (await import(pathToFileURL(file).href)) as { clean(): unknown };
    expect(await call(source)).toEqual(direct.clean());
  });
});
