import { chmodSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterTests } from '@daggerml/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROGRAM, StartedProgram } from './started-program.ts';
import { dml, newKeyPem, TestRepository } from './test-repository.ts';

const STEPS = `import { call } from '@daggerml/bindings';
export const rows = (count: number) => Array.from({ length: count }, (_, at) => 'row of the domain ' + at);
export const size = async (data: { big: { bytes(): Promise<Uint8Array> } }) => (await data.big.bytes()).length;
export const count = (rows: string[]) => rows.length;
export const outer = async (data: any) => await call(size, data);
export const same = (value: unknown) => value;
`;

/** Pipelines of those who have everything, and of those who lack something. */
const PIPELINES = `import { blob, definePipeline, functions, input, text } from '@daggerml/bindings';
const steps = functions<typeof import('./lack.steps.ts')>(new URL('./lack.steps.ts', import.meta.url));
const own = functions<{ f(value: unknown): unknown }>('dml+exec://dml-own/v1');
const content = (seed: number) => {
  const bytes = Buffer.alloc(300_000);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(Math.imul(at + seed + 1, 2654435761) >>> 0, at);
  return bytes;
};
export const data = definePipeline('data', (dag) => {
  dag.name('rows', dag.call(steps.rows, 40));
  return dag.name('map', dag.literal({ big: blob(content(1)), small: 'x' }));
});
const source = (dag: any) => dag.import('data'/* from */);
export const called = definePipeline('called', (dag) => dag.call(steps.size, source(dag).root));
export const nested = definePipeline('nested', (dag) => dag.call(steps.outer, source(dag).root));
export const scripted = definePipeline('scripted', (dag) =>
  dag.script({ command: ['ls', input('x', source(dag).root)], output: text() }));
export const executed = definePipeline('executed', (dag) => dag.call(own.f, source(dag).root));
export const counted = definePipeline('counted', (dag) => dag.call(steps.count, source(dag).rows));
export const taken = definePipeline('taken', (dag) => dag.list.get(source(dag).rows, 0));
export const read = definePipeline('read', async (dag) => {
  const value = await source(dag).root.value();
  return (await value.big.bytes()).length;
});
export const several = definePipeline('several', (dag) =>
  [1, 2, 3].map((each) => dag.call(steps.same, each)).concat([dag.call(steps.count, source(dag).rows)]));
`;

interface World {
  readonly folder: string;
  readonly shared: string;
  readonly bin: string;
  readonly domain: string;
  /** Lacks the content of large blobs. */
  readonly partial: TestRepository;
  /** Lacks what the domain withholds. */
  readonly other: TestRepository;
}

let world: World;

function writeSources(repository: TestRepository, from?: string): void {
  writeFileSync(join(repository.folder, 'lack.steps.ts'), STEPS);
  const pipelines = PIPELINES.replace('/* from */', from === undefined ? '' : `, '${from}'`);
  writeFileSync(join(repository.folder, 'lack.ts'), pipelines);
}

async function clone(place: string, folder: string): Promise<TestRepository> {
  const repository = new TestRepository();
  rmSync(repository.folder, { recursive: true });
  const argv = ['clone', '--blob-limit', '100k', place, repository.folder];
  expect((await dml(argv, { cwd: folder })).exitCode).toBe(0);
  writeSources(repository);
  return repository;
}

beforeAll(async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml lacks ')));
  afterTests('file', () => rmSync(folder, { recursive: true, force: true }));
  const ours = await TestRepository.create();
  writeSources(ours);
  await ours.ok('run', 'lack.ts', 'data');
  const shared = join(folder, 'shared');
  await ours.ok('remote', 'add', 'origin', shared);
  await ours.ok('push');
  const key = join(folder, 'domain.pem');
  writeFileSync(key, newKeyPem(), { mode: 0o600 });
  const place = join(folder, 'public');
  await ours.ok('remote', 'add', 'public', place);
  const withheld = ['--withhold', 'blobs:100KB', '--withhold', 'value:data#rows'];
  const published = ['publish', '--remote', 'public', '--as', 'ours', '--sign', key, ...withheld];
  const { domain } = await ours.json<{ domain: string }>(...published);
  const partial = await clone(shared, folder);
  const other = await TestRepository.create();
  writeSources(other, 'them');
  await other.ok('reference', 'add', 'them', place, 'ours');
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const adapter = `#!/usr/bin/env node
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, operation } = JSON.parse(line);
  const say = (more) => process.stdout.write(JSON.stringify({ id, ...more }) + '\\n');
  if (operation === 'describe') say({ status: 'described', schema: 1, name: 'dml-own', version: '1', protocol: 1, capabilities: {} });
  else say({ status: 'done', outcome: 'ok', value: 1 });
});
`;
  writeFileSync(join(bin, 'dml-own'), adapter);
  chmodSync(join(bin, 'dml-own'), 0o755);
  world = { folder, shared, bin, domain, partial, other };
}, 120_000);

interface Refusal {
  readonly code: string;
  readonly detail: string | null;
  readonly message: string;
  readonly hint: string;
  readonly failedCalls?: readonly { readonly code: string }[];
}

/** Runs a pipeline that cannot end, and returns its error. */
async function refused(repository: TestRepository, pipeline: string, ...options: string[]): Promise<Refusal> {
  const env = { PATH: `${world.bin}:${process.env.PATH}:${join(process.execPath, '..')}` };
  const ran = await repository.dml(['--json', 'run', 'lack.ts', pipeline, ...options], { env });
  expect(ran.exitCode).not.toBe(0);
  return JSON.parse(ran.stderr.slice(ran.stderr.indexOf('{\n'))) as Refusal;
}

/** Ways of a call to what runs it. */
const WAYS = [['called'], ['called', '--isolate'], ['nested'], ['scripted'], ['executed']] as const;

describe('a call of which an input is not here', () => {
  it('says that it was left out, which remote has it, and how to get it [DML-EXE-2790] [DML-CLI-3710]', async () => {
    const { partial, shared } = world;
    renameSync(shared, `${shared}.gone`);
    for (const [pipeline, ...options] of WAYS) {
      const { code, detail, message, hint, failedCalls } = await refused(partial, pipeline, ...options);
      const way = [pipeline, ...options].join(' ');
      expect([code, detail], way).toEqual(['infrastructure_failed', 'left_out']);
      expect(message, way).toMatch(
        /^the call ".*" did not run: (its call of size failed: )?the chunk [0-9a-f]+ was left out of this repository; dml\+remote:\/\/file\S+\/shared has it, but there is no remote in \S*.*\/shared$/,
      );
      expect(hint, way).toContain('"dml fetch --missing" brings what was left out');
      expect(new Set(failedCalls?.map((call) => call.code)), way).toEqual(new Set(['object_withheld']));
    }
    expect(await refused(partial, 'read')).toMatchObject({ code: 'object_withheld', detail: 'left_out' });
    renameSync(`${shared}.gone`, shared);
    // Nothing of it was recorded as an outcome.
    for (const [pipeline, ...options] of WAYS.slice(0, 3))
      await partial.ok('run', 'lack.ts', pipeline, ...options);
    expect(await partial.json('cat', 'nested')).toBe(300_000);
  });

  it('says that a domain withholds it, and which [DML-EXE-2790] [DML-CLI-3710]', async () => {
    const { other, domain } = world;
    for (const [pipeline, ...options] of [...WAYS, ['counted'], ['counted', '--isolate']]) {
      const { code, detail, message, hint, failedCalls } = await refused(
        other,
        pipeline as string,
        ...options,
      );
      const way = [pipeline, ...options].join(' ');
      expect([code, detail], way).toEqual(['infrastructure_failed', 'withheld']);
      expect(message, way).toMatch(/^the call ".*" did not run: /);
      expect(message, way).toContain(`is not here: ${domain} withholds it`);
      expect(hint, way).toContain('ask its domain to publish it');
      expect(failedCalls?.at(-1)?.code, way).toBe('object_withheld');
    }
    for (const pipeline of ['taken', 'read'])
      expect(await refused(other, pipeline)).toMatchObject({
        code: 'object_withheld',
        message: expect.stringContaining(`${domain} withholds it`),
        hint: expect.stringContaining('ask those who publish it'),
      });
  });
});

describe('workers of a remote', () => {
  it('use what their Caller has left out, and the others go on without what nobody has [DML-EXE-2793]', async () => {
    const { folder, shared, domain, other } = world;
    const partial = await clone(shared, folder);
    const notHere = async (): Promise<unknown> =>
      (await partial.json<{ notHere: unknown }>('status')).notHere;
    const before = await notHere();
    const worker = new StartedProgram([PROGRAM, 'worker', shared, '--idle', '120'], { cwd: folder });
    await worker.until(/waiting for jobs/);
    const away = ['--remote', 'origin', '--on-workers'];
    await partial.ok('run', 'lack.ts', 'called', ...away);
    expect(await partial.json('cat', 'called')).toBe(300_000);
    // It did not come here for that.
    expect(await notHere()).toEqual(before);
    await other.ok('remote', 'add', 'origin', shared);
    const { code, detail, message, failedCalls } = await refused(other, 'several', ...away);
    expect([code, detail, failedCalls?.length]).toEqual(['infrastructure_failed', 'withheld', 1]);
    expect(message).toContain(`${domain} withholds it`);
    worker.child.kill('SIGINT');
    const { stderr } = await worker.ended;
    expect(stderr.match(/ done \(/g)).toHaveLength(4);
  });

  it('get what another remote has by way of the Caller', async () => {
    const { folder, shared } = world;
    const partial = await clone(shared, folder);
    const work = join(folder, 'work');
    mkdirSync(work);
    await partial.ok('remote', 'add', 'work', work);
    const worker = new StartedProgram([PROGRAM, 'worker', work, '--idle', '120'], { cwd: folder });
    await worker.until(/waiting for jobs/);
    renameSync(shared, `${shared}.gone`);
    const away = ['--remote', 'work', '--on-workers'];
    expect(await refused(partial, 'called', ...away)).toMatchObject({
      code: 'infrastructure_failed',
      detail: 'left_out',
      message: expect.stringContaining('/shared has it, but there is no remote in'),
    });
    renameSync(`${shared}.gone`, shared);
    await partial.ok('run', 'lack.ts', 'called', ...away);
    expect(await partial.json('cat', 'called')).toBe(300_000);
    worker.child.kill('SIGINT');
    await worker.ended;
  });
});
