import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DatumId, decodeRecord, hashBytes, type NodeId } from '@daggerml/object-model';
import { formatFunctionUri, parseFunctionUri } from '@daggerml/repository';
import { lowerContent } from '@daggerml/values';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import type { JobEnd, JobOutcome } from './job.ts';
import { type PoolListener, WorkerPool } from './pool.ts';
import type { BundleContent } from './wire.ts';

const folders: Workspace[] = [];
afterAll(() => Promise.all(folders.map((workspace) => workspace.close())));

/** A workspace with a bundle in its store, and that bundle. */
async function stored(text: string): Promise<{ id: DatumId; bundle: BundleContent }> {
  const workspace = await Workspace.create('');
  folders.push(workspace);
  const { objects } = workspace.begin().open;
  const content = new TextEncoder().encode(text);
  const id = objects.put(lowerContent(content, objects) as never) as DatumId;
  return { id, bundle: { datum: objects.getBytes('datum', id) as Uint8Array, content } };
}

/** Runs `f` of a bundle in a thread that is given `sent` as the bundle. */
async function callWith(bundleDatumId: DatumId, sent: BundleContent): Promise<[JobOutcome, string]> {
  let output = '';
  let onEnd: PoolListener['onEnd'] = () => {};
  const ended = new Promise<JobOutcome>((resolve) => {
    onEnd = ([end]) => resolve((end as JobEnd).outcome);
  });
  const pool = new WorkerPool({
    size: 1,
    addInputs: () => 0,
    readChunk: () => undefined,
    missing: () => new Error('no chunk'),
    readBundle: async () => ({ datum: sent.datum, content: new Uint8Array(sent.content) }),
    onObjects: () => true,
    onOutput: (_job, { text }) => {
      output += text;
    },
    onEnd,
  });
  pool.run({
    nodeId: 'a'.repeat(64) as NodeId,
    functionUri: formatFunctionUri({ bundleDatumId, exportName: 'f' }),
    inputDatumIds: [],
  });
  const outcome = await ended;
  await pool.close();
  return [outcome, output];
}

const code = (text: string): string =>
  `console.log("loaded ${text}");export const f=()=>{console.log("${text}");return 1}`;

/** Collects garbage between the linking and the evaluation of modules, where a thread may do so at any time. */
const COLLECTING = `
  import { setTimeout } from 'node:timers/promises';
  import vm from 'node:vm';
  import { BundleModules } from ${JSON.stringify(new URL('../../dist/worker/bundle-modules.js', import.meta.url).href)};
  import { Realm } from ${JSON.stringify(new URL('../../dist/worker/realm.js', import.meta.url).href)};
  const { link } = vm.SourceTextModule.prototype;
  vm.SourceTextModule.prototype.link = async function (linker) {
    await link.call(this, linker);
    for (let round = 0; round < 3; round += 1) {
      await setTimeout(10);
      gc();
    }
  };
  const { id, datum, content } = JSON.parse(process.argv[1]);
  const read = async () => ({ datum: Buffer.from(datum, 'hex'), content: Buffer.from(content) });
  const { exports } = await new BundleModules(read, new Realm()).load(id);
  process.stdout.write(exports.f());
`;

it('what a bundle imports stays while garbage is collected [DML-EXE-0845]', async () => {
  const text =
    "import { join } from 'node:path'; import { EOL } from 'node:os'; export const f = () => join('a', 'b') + EOL;";
  const { id, bundle } = await stored(text);
  const given = JSON.stringify({ id, datum: Buffer.from(bundle.datum).toString('hex'), content: text });
  const flags = ['--expose-gc', '--no-warnings', '--experimental-vm-modules', '--input-type=module'];
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, '-e', COLLECTING, given],
    { encoding: 'utf8', timeout: 50_000 },
  );
  expect({ status, signal, stdout, stderr }).toEqual({
    status: 0,
    signal: null,
    stdout: 'a/b\n',
    stderr: '',
  });
});

describe('a bundle on its way to a thread', () => {
  const refused = {
    type: 'lost',
    code: 'worker_lost',
    reason: expect.stringContaining('not what its id names'),
  };

  it('is loaded when its bytes are those that its id names', async () => {
    const { id, bundle } = await stored(code('right'));
    const value = { type: 'value', datumId: expect.any(String) };
    expect(await callWith(id, bundle)).toEqual([value, 'loaded right\nright\n']);
  });

  it('is refused with a byte changed, cut off, longer or empty [DML-EXE-0840] [DML-EXE-0841]', async () => {
    const { id, bundle } = await stored(code('right'));
    const { datum, content } = bundle;
    const other = Uint8Array.from(content);
    other[other.length - 4] = 'l'.charCodeAt(0);
    const longer = Uint8Array.from([...content, 59]);
    for (const each of [other, content.subarray(0, -1), longer, new Uint8Array()])
      expect(await callWith(id, { datum, content: each })).toEqual([refused, '']);
  });

  it('is refused with the record of another bundle, or one made to fit [DML-EXE-0840] [DML-EXE-0841]', async () => {
    const right = await stored(code('right'));
    const other = await stored(code('other'));
    expect(await callWith(right.id, other.bundle)).toEqual([refused, '']);
    const record = decodeRecord(right.bundle.datum, 'datum') as { contentSha256: string };
    // Encoding refuses such a record.
    const fitted = Buffer.from(right.bundle.datum);
    const at = fitted.indexOf(Buffer.from(record.contentSha256, 'hex'));
    fitted.set(Buffer.from(hashBytes(other.bundle.content), 'hex'), at);
    expect(await callWith(right.id, { datum: fitted, content: other.bundle.content })).toEqual([refused, '']);
  });
});

const steps = `
import * as os from 'node:os';
import path, { sep } from 'node:path';
import { common, imports as imported } from 'dynamic';
const waited = await new Promise((r) => setTimeout(() => r('waited'), 1));
export const uses = async () => [waited, typeof os.cpus, path.sep === sep, common(), typeof (await import('node:zlib')).gunzip];
export const imports = (name: string) => imported(name);
export const requires = (name: string) => common(name);
export const place = () => new Error('here').stack!.split('\\n').slice(1, 2);
`;
/** A library: code of an author is refused that names modules while it runs. */
const dynamic = `exports.common = (name) => name === undefined ? typeof require('os').cpus : require(name);
  exports.imports = async (name) => (await import(name)).default;`;

describe('the code of a bundle', () => {
  const open: Workspace[] = [];
  afterEach(() => Promise.all(open.splice(0).map((workspace) => workspace.close())));

  async function workspaceOf(): Promise<Workspace> {
    const workspace = new Workspace();
    const library = join(workspace.folder, 'node_modules', 'dynamic');
    mkdirSync(library, { recursive: true });
    writeFileSync(join(library, 'index.js'), dynamic);
    workspace.write(steps);
    await workspace.reopen();
    open.push(workspace);
    return workspace;
  }

  it('uses what is built into Node in every way, and waits at its top level [DML-EXE-0845]', async () => {
    const run = (await workspaceOf()).begin();
    const all = ['waited', 'function', true, 'function', 'function'];
    expect(await run.outcome(run.call('uses', []))).toEqual(all);
  });

  it('finds no package by its name, not even beside the repository [DML-EXE-0842]', async () => {
    const workspace = await workspaceOf();
    for (const folder of [workspace.folder, join(workspace.folder, 'store')]) {
      const lib = join(folder, 'node_modules', 'planted');
      mkdirSync(lib, { recursive: true });
      writeFileSync(join(lib, 'package.json'), '{"name":"planted","main":"index.cjs"}');
      writeFileSync(join(lib, 'index.cjs'), 'module.exports = "foreign"');
    }
    const run = workspace.begin();
    const message = expect.stringMatching(/Cannot find (package|module) 'planted'/);
    for (const name of ['imports', 'requires'])
      expect(await run.outcome(run.call(name, ['planted']))).toMatchObject({
        class: 'deterministic',
        message,
      });
  });

  it('has one place, in whichever repository it runs [DML-EXE-0844]', async () => {
    const places: unknown[] = [];
    for (let repository = 0; repository < 2; repository += 1) {
      const run = (await workspaceOf()).begin();
      places.push(await run.outcome(run.call('place', [])));
    }
    expect(places[0]).toEqual(places[1]);
    expect(String(places[0])).toMatch(/file:\/\/\/daggerml-bundle\/index\.mjs:\d+:\d+/);
  });

  it('is in no file, neither in the store nor among the temporary ones [DML-EXE-0843]', async () => {
    const workspace = await workspaceOf();
    const run = workspace.begin();
    const empty = join(workspace.folder, 'temporary');
    mkdirSync(empty);
    vi.stubEnv('TMPDIR', empty);
    const call = run.call('uses', []);
    await run.outcome(call);
    vi.unstubAllEnvs();
    expect(readdirSync(empty)).toEqual([]);
    const own = readdirSync(workspace.store.path).filter((name) => !name.startsWith('marks-'));
    expect(own.sort()).toEqual(['data.mdb', 'lock.mdb', 'stamp']);
    expect(parseFunctionUri(call.callee?.uri ?? '').exportName).toBe('uses');
  });
});
