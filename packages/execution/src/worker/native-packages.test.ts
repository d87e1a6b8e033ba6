import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatumId } from '@daggerml/object-model';
import { formatFunctionUri } from '@daggerml/repository';
import { liftDatum, lowerContent } from '@daggerml/values';
import { minifySync } from 'oxc-minify';
import { afterEach, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';

const steps = `
import sharp from 'sharp';
import { minifySync } from 'oxc-minify';
import { open } from 'lmdb';
import { shorter } from 'user';
export const size = async (width: number) => {
  const { info } = await sharp({ create: { width, height: 3, channels: 3, background: 'red' } }).png().toBuffer({ resolveWithObject: true });
  return [info.format, info.width, info.height];
};
export const short = (text: string) => minifySync('a.js', text).code;
export const dynamic = async (text: string) => (await import('oxc-minify')).minifySync('a.js', text).code;
export const through = (text: string) => shorter(text);
export const stored = async (folder: string, value: number) => {
  const database = open({ path: folder, noSync: true });
  await database.put('key', { value });
  const found = database.get('key');
  await database.close();
  return found;
};
export const plain = (x: number) => x + 1;
`;

/** The packages with machine code, each resolved by its name, so that knip sees what the tests depend on. */
const PACKAGES = {
  sharp: import.meta.resolve('sharp'),
  'oxc-minify': import.meta.resolve('oxc-minify'),
  lmdb: import.meta.resolve('lmdb'),
};

/** Returns the installed folder of a package that these tests depend on. */
function installed(name: keyof typeof PACKAGES): string {
  const found = fileURLToPath(PACKAGES[name]);
  const end = found.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}`.length;
  return realpathSync(found.slice(0, end));
}

const open: Workspace[] = [];
afterEach(() => Promise.all(open.splice(0).map((workspace) => workspace.close())));

async function workspaceWith(packages: Readonly<Record<string, string>>): Promise<Workspace> {
  const workspace = new Workspace();
  const modules = join(workspace.folder, 'node_modules');
  mkdirSync(join(modules, 'user'), { recursive: true });
  writeFileSync(
    join(modules, 'user', 'index.js'),
    `const { minifySync } = require('oxc-minify'); exports.shorter = (text) => minifySync('a.js', text).code;`,
  );
  for (const [name, folder] of Object.entries(packages)) symlinkSync(folder, join(modules, name));
  workspace.write(steps);
  await workspace.reopen();
  open.push(workspace);
  return workspace;
}

const real = (): Readonly<Record<string, string>> =>
  Object.fromEntries((['sharp', 'oxc-minify', 'lmdb'] as const).map((name) => [name, installed(name)]));

describe('a package with machine code', () => {
  it('is loaded from its own folder, however it is imported [DML-CAP-0020]', async () => {
    const run = (await workspaceWith(real())).begin();
    const text = 'let a = 1 ;  f( a )';
    expect(await run.outcome(run.call('size', [2]))).toEqual(['png', 2, 3]);
    for (const name of ['short', 'dynamic', 'through'])
      expect(await run.outcome(run.call(name, [text]))).toBe(minifySync('a.js', text).code);
    expect(await run.outcome(run.call('plain', [1]))).toBe(2);
  });

  it('keeps its state in a database of its own [DML-CAP-0020]', async () => {
    const workspace = await workspaceWith(real());
    const run = workspace.begin();
    for (const value of [1, 2]) {
      const node = run.call('stored', [join(workspace.folder, `database-${value}`), value]);
      expect(await run.outcome(node)).toEqual({ value });
    }
  });

  it('is named in the receipt of its calls, and only there [DML-CAP-0022]', async () => {
    const run = (await workspaceWith(real())).begin();
    const nativesOf = async (name: string, input: unknown): Promise<unknown> => {
      const node = run.call(name, [input]);
      await run.outcome(node);
      const receipt = liftDatum(run.open.objects, run.exec(node).receiptDatumId as DatumId);
      return (receipt as Record<string, unknown>).natives;
    };
    expect(await nativesOf('size', 1)).toEqual([
      { name: 'sharp', version: '0.35.5', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(await nativesOf('plain', 1)).toBeUndefined();
  });

  it.each(['a.node', 'index.js'])(
    'is not loaded when its %s has changed since the capture [DML-CAP-0023]',
    async (file) => {
      const elsewhere = await workspaceWith({});
      const folder = join(elsewhere.folder, 'node_modules', 'native');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{"name":"oxc-minify","version":"1.0.0"}');
      writeFileSync(join(folder, 'index.js'), `exports.minifySync = () => ({ code: 'loaded' });`);
      writeFileSync(join(folder, 'a.node'), 'one');
      const workspace = await workspaceWith({ sharp: installed('sharp'), 'oxc-minify': folder });
      const run = workspace.begin();
      expect(await run.outcome(run.call('short', ['a']))).toBe('loaded');
      const again = (await workspaceWith({ sharp: installed('sharp'), 'oxc-minify': folder })).begin();
      const call = again.call('short', ['b']);
      writeFileSync(join(folder, file), 'two');
      const changed = 'has changed since the function was captured';
      expect(JSON.stringify(await again.outcome(call))).toContain(changed);
    },
  );

  it('is refused as what it needs where the process does not know it [DML-CAP-0922] [DML-CAP-0923]', async () => {
    const workspace = await workspaceWith({});
    const run = workspace.begin();
    const { objects } = run.open;
    const code = `console.log("it ran");export const f=async()=>{try{return (await import("daggerml-next:a")).b}catch{return "caught"}}`;
    const bundleDatumId = objects.put(lowerContent(new TextEncoder().encode(code), objects) as never);
    const functionDatumId = objects.put({
      type: 'datum',
      kind: 'uri',
      value: formatFunctionUri({ bundleDatumId, exportName: 'f' } as never),
      attachmentDatumId: bundleDatumId,
    } as never);
    const node = run.open.run.addCall({ functionDatumId, label: 'f', options: {} } as never, []);
    const message = 'it imports "daggerml-next:a", which this version of dml does not know';
    const failure = { code: 'load_failed', class: 'infrastructure' };
    expect(await run.outcome(node)).toEqual({ ...failure, message: expect.stringContaining(message) });
    expect(node.execId).toBeUndefined();
    expect(JSON.stringify(workspace.events)).not.toContain('it ran');
  });
});
