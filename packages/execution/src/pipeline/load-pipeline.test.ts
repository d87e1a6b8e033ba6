import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadModule } from './load-module.ts';
import { loadPipeline } from './load-pipeline.ts';

const root = mkdtempSync(join(tmpdir(), 'dml-pipeline-'));
let folders = 0;
afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(files: Record<string, string>): string {
  const folder = join(root, `a folder ${folders++}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

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

  it('reports a module that exports no pipeline [DML-BND-1203]', async () => {
    const folder = write({ 'steps.ts': 'export const clean = (): number => 1;' });
    await expect(loadPipeline(join(folder, 'steps.ts'))).rejects.toMatchObject({
      code: 'not_a_pipeline',
      fields: { exports: ['clean'] },
    });
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
    expect(existsSync(join(root, 'node_modules'))).toBe(false);
  });
});
