import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatumId } from '@daggerml/object-model';
import { RecordReader } from '@daggerml/repository';
import { blob, liftDatum } from '@daggerml/values';
import { afterEach, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import { layOutSources } from './lay-out-sources.ts';

let workspace: Workspace;
afterEach(() => workspace.close());

it('leaves out files whose paths lead elsewhere, and what is no file [DML-EXE-3623]', async () => {
  workspace = await Workspace.create('');
  const { objects } = workspace.begin().open;
  const run = workspace.begin();
  const names = [
    'a.ts',
    '../b.ts',
    '../../c.ts',
    '/etc/d',
    'x/../../e',
    '..',
    'x/..',
    '.',
    '',
    'a\0b',
    'x//y',
    '__/b.ts',
  ];
  const value = new Map<string, unknown>([...names.map((name) => [name, blob(name)] as const), ['none', 5]]);
  const files = liftDatum(run.open.objects, run.literal(value).valueId as DatumId);
  const folder = join(workspace.folder, 'laid-out');
  mkdirSync(folder);
  const before = readdirSync(workspace.folder);
  const parts = { objects: run.open.objects, reader: new RecordReader(objects.store), folder };
  const paths = await layOutSources(parts, files);
  const all = ['__/__/c.ts', '__/b.ts', 'a.ts', 'x/__/__/e'];
  expect(paths.sort()).toEqual(all.map((path) => `sources/${path}`));
  expect(
    readdirSync(folder, { recursive: true }).filter((path) => /\.ts$|e$/.test(String(path))),
  ).toHaveLength(4);
  expect(readdirSync(workspace.folder)).toEqual(before);
});
