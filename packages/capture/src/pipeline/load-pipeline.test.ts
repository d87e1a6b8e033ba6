import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import * as authoring from '../authoring/authoring-main.ts';
import { CaptureFixture } from '../testing/capture-fixture.ts';
import { loadModule } from './load-module.ts';
import { loadPipeline } from './load-pipeline.ts';

const fixture = new CaptureFixture('a folder');
afterAll(() => fixture.close());
const write = fixture.write.bind(fixture);

const two = `import { definePipeline } from '@daggerml/bindings';
export const first = definePipeline('one', async (dag: unknown) => dag);
export const second = definePipeline((dag: unknown) => dag);`;

describe('loadPipeline', () => {
  it('loads TypeScript with relative imports and no build step [DML-BND-1202]', async () => {
    const folder = write({
      'pipeline.ts': `import { definePipeline } from '@daggerml/bindings'; import { build } from './build.ts';
        enum Kind { A = 41 }
        export const grid = definePipeline('my-grid', () => build(Kind.A));`,
      'build.ts': 'export const build = (n: number): number => n + 1;',
    });
    const loaded = await loadPipeline(join(folder, 'pipeline.ts'));
    expect(loaded).toMatchObject({ name: 'my-grid', exportName: 'grid', file: join(folder, 'pipeline.ts') });
    expect(loaded.pipeline.build(undefined as never)).toBe(42);
  });

  it('gives a module the functions of this program [DML-CAP-0901]', async () => {
    const module = await loadModule(
      join(
        write({
          'pipeline.ts': `import * as all from '@daggerml/bindings'; import own from './required.cjs'; export { all, own };`,
          'required.cjs': `exports.required = require('@daggerml/bindings').definePipeline;`,
          'node_modules/@daggerml/bindings/package.json':
            '{ "name": "@daggerml/bindings", "main": "index.js" }',
          'node_modules/@daggerml/bindings/index.js': 'throw new Error("another copy");',
        }),
        'pipeline.ts',
      ),
    );
    expect(module.all).toEqual({ ...authoring });
    expect(module.own).toEqual({ required: authoring.definePipeline });
  });

  it('reports a module that exports no pipeline [DML-BND-1203]', async () => {
    const folder = write({ 'steps.ts': 'export const clean = (): number => 1;' });
    await expect(loadPipeline(join(folder, 'steps.ts'))).rejects.toMatchObject({
      code: 'not_a_pipeline',
      detail: undefined,
      fields: { file: join(folder, 'steps.ts'), wanted: '', pipelines: [], exports: ['clean'] },
    });
    const ops = "import { defineOps } from '@daggerml/bindings'; export const up = defineOps('up', []);";
    await expect(loadPipeline(join(write({ 'ops.ts': ops }), 'ops.ts'))).rejects.toMatchObject({
      code: 'not_a_pipeline',
      detail: 'ops',
    });
  });

  it('says where no folder can be made to load from [DML-CAP-2907]', async () => {
    const file = join(write({ 'pipeline.ts': two, gone: '' }), 'pipeline.ts');
    for (const [folder, reason] of [
      [join(file, '..', 'missing'), 'ENOENT'],
      [join(file, '..', 'gone'), 'ENOTDIR'],
    ] as const) {
      vi.stubEnv('TMPDIR', folder);
      await expect(loadPipeline(file, 'one')).rejects.toMatchObject({
        code: 'no_temporary_folder',
        fields: { folder, reason },
      });
      vi.unstubAllEnvs();
    }
    expect(await loadPipeline(file, 'one')).toMatchObject({ exportName: 'first' });
  });

  it('asks for a name when there are several pipelines [DML-BND-1204]', async () => {
    const file = join(write({ 'pipeline.ts': two }), 'pipeline.ts');
    await expect(loadPipeline(file)).rejects.toMatchObject({
      code: 'ambiguous_pipeline',
      fields: { pipelines: ['one', 'second'] },
    });
    expect(await loadPipeline(file, 'one')).toMatchObject({ exportName: 'first' });
    expect(await loadPipeline(file, 'second')).toMatchObject({ name: 'second' });
  });
});

describe('loadPipeline of CommonJS', () => {
  const head = "const { definePipeline } = require('@daggerml/bindings');\n";

  it.each([
    ['module.exports = definePipeline("it", () => 1);', 'default'],
    ['exports.it = definePipeline(() => 1);', 'it'],
    ['module.exports = { it: definePipeline(() => 1), other: 2 };', 'it'],
    ['exports.default = definePipeline("it", () => 1);', 'default'],
    [
      'Object.defineProperty(exports, "__esModule", { value: true });\nexports.it = definePipeline(() => 1);',
      'it',
    ],
  ])('finds what is exported in one of the ways: case %# [DML-BND-1212]', async (text, exportName) => {
    const folder = write({ 'pipeline.js': head + text, 'package.json': '{}', 'pipeline.cjs': head + text });
    for (const name of ['pipeline.js', 'pipeline.cjs']) {
      const { pipeline, ...loaded } = await loadPipeline(join(folder, name));
      expect([loaded.name, loaded.exportName, pipeline.build(undefined as never)]).toEqual([
        'it',
        exportName,
        1,
      ]);
    }
  });

  it('lets it require packages, built-in modules and files [DML-BND-1213]', async () => {
    const folder = write({
      'package.json': '{}',
      'node_modules/lib/package.json': '{ "name": "lib" }',
      'node_modules/lib/index.js': 'exports.five = 5;',
      'helper.js': "exports.sum = (a, b) => a + b + require('lib').five; exports.folder = __dirname;",
      'pipeline.js': `const { basename } = require('path');
        const { pathToFileURL } = require('node:url');
        const { sum, folder } = require('./helper.js');
        exports.it = () => [sum(1, 2), basename(__filename), pathToFileURL(folder).href];`,
      'mixed.ts': `import { createRequire } from 'node:module';
        import helper from './helper.js';
        const require = createRequire(import.meta.url);
        const __dirname: string = 'its own';
        export const it = () => [helper.sum(0, 0), require('lib').five, __dirname];`,
    });
    const { default: whole } = (await loadModule(join(folder, 'pipeline.js'))) as {
      default: { it(): unknown };
    };
    expect(whole.it()).toEqual([8, 'pipeline.js', pathToFileURL(folder).href]);
    const mixed = (await loadModule(join(folder, 'mixed.ts'))) as { it(): unknown };
    expect(mixed.it()).toEqual([5, 5, 'its own']);
  });

  it('says how CommonJS exports a pipeline where there is none [DML-BND-1214]', async () => {
    const folder = write({
      'package.json': '{}',
      'steps.js': 'module.exports = { clean: 1 };',
      'empty.cjs': '',
      'steps.ts': 'export const clean = 1;',
    });
    const said = async (name: string): Promise<string> =>
      loadPipeline(join(folder, name)).then(
        () => 'nothing',
        (error) => error.message,
      );
    const instead = "export one, in CommonJS as here: exports.name = definePipeline('name', async (dag)";
    expect(await said('steps.js')).toContain(instead);
    expect(await said('empty.cjs')).toContain(instead);
    expect(await said('steps.ts')).not.toContain('CommonJS');
    await expect(loadPipeline(join(folder, 'steps.js'))).rejects.toMatchObject({
      fields: { exports: expect.arrayContaining(['clean']) },
    });
  });
});

describe('loadModule', () => {
  it('reports code that throws or cannot be compiled with its cause', async () => {
    const folder = write({
      'throws.ts': `const x: number = 1;\nthrow new Error('no data');`,
      'broken.ts': `export const a = 1;\nexport const b = (;`,
      'imports.ts': `import { x } from './gone.ts';\nexport const y = x;`,
    });
    await expect(loadModule(join(folder, 'throws.ts'))).rejects.toMatchObject({
      code: 'pipeline_threw',
      fields: { reason: 'no data' },
      cause: { message: 'no data' },
    });
    await expect(loadModule(join(folder, 'broken.ts'))).rejects.toMatchObject({
      code: 'pipeline_threw',
      fields: { file: join(folder, 'broken.ts'), line: 2 },
    });
    await expect(loadModule(join(folder, 'imports.ts'))).rejects.toMatchObject({ code: 'pipeline_threw' });
    await expect(loadModule(join(folder, 'nowhere.ts'))).rejects.toMatchObject({ code: 'pipeline_missing' });
  });

  it('keeps import.meta and package resolution of every file', async () => {
    const folder = write({
      'pipeline.ts': `export { here } from './lib/here.ts'; export const self = [import.meta.url, import.meta.dirname];
        export const data = [import.meta.resolve('./data.csv'), import.meta.resolve('lib/data.json')];
        export { value } from 'lib';`,
      'lib/here.ts': 'export const here: string = new URL("./x", import.meta.url).href;',
      'node_modules/lib/package.json':
        '{"name":"lib","type":"module","exports":{".":{"import":"./index.js"},"./data.json":"./data.json"}}',
      'node_modules/lib/index.js': 'export const value = import.meta.url;',
      'node_modules/lib/data.json': '{}',
    });
    const url = (name: string): string => pathToFileURL(join(folder, name)).href;
    expect(await loadModule(join(folder, 'pipeline.ts'))).toMatchObject({
      here: url('lib/x'),
      self: [url('pipeline.ts'), folder],
      data: [url('data.csv'), url('node_modules/lib/data.json')],
      value: url('node_modules/lib/index.js'),
    });
    expect(readdirSync(join(folder, 'node_modules'))).toEqual(['lib']);
  });

  it('leaves nothing behind beside a module without packages', async () => {
    const folder = write({ 'pipeline.ts': 'export const a: number = 1;' });
    expect(await loadModule(join(folder, 'pipeline.ts'))).toMatchObject({ a: 1 });
    expect(readdirSync(folder)).toEqual(['pipeline.ts']);
    expect(existsSync(join(fixture.root, 'node_modules'))).toBe(false);
  });
});
