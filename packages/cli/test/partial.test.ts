import { mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultServer } from '@daggerml/remotes/testing';
import { afterTests } from '@daggerml/testkit';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { dml, TestRepository } from './test-repository.ts';

vi.setConfig({ testTimeout: 300_000 });

const STEPS = `import { createHash } from 'node:crypto';
export const made = (seed: number) => {
  const bytes = Buffer.alloc(300_000);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(Math.imul(at + seed + 1, 2654435761) >>> 0, at);
  return { '@blob': bytes };
};
export const digest = async (data: { bytes(): Promise<Uint8Array> }, salt: number) =>
  createHash('sha256').update(await data.bytes()).update(String(salt)).digest('hex');
`;

const PIPELINES = `import { blob, definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./partial.steps.ts')>(new URL('./partial.steps.ts', import.meta.url));
const content = (seed: number) => {
  const bytes = Buffer.alloc(300_000);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(Math.imul(at + seed + 1, 2654435761) >>> 0, at);
  return bytes;
};
export const data = definePipeline('data', { parameters: { seed: 1 } }, (dag, { seed }) => {
  dag.name('small', dag.literal(blob('small content')));
  return dag.literal(blob(content(seed)));
});
export const uses = definePipeline('uses', { parameters: { salt: 1 } }, (dag, { salt }) =>
  dag.call(steps.digest, dag.import('data').root, salt));
`;

interface Team {
  readonly folder: string;
  readonly shared: string;
  readonly ours: TestRepository;
}

let team: Team;

function writeSources(folder: string): void {
  writeFileSync(join(folder, 'partial.steps.ts'), STEPS);
  writeFileSync(join(folder, 'partial.ts'), PIPELINES);
}

beforeEach(async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml partial ')));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  const ours = await TestRepository.create();
  writeSources(ours.folder);
  for (const seed of [1, 2, 3]) await ours.ok('run', 'partial.ts', 'data', '--param', `seed=${seed}`);
  team = { folder, shared: join(folder, 'shared'), ours };
  await ours.ok('remote', 'add', 'origin', team.shared);
  await ours.ok('push');
});

async function clone(...options: string[]): Promise<TestRepository> {
  const theirs = new TestRepository();
  rmSync(theirs.folder, { recursive: true });
  const { exitCode, stdout, stderr } = await dml(['clone', ...options, team.shared, theirs.folder], {
    cwd: team.folder,
  });
  console.log(stdout, stderr);
  expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
  writeSources(theirs.folder);
  return theirs;
}

describe('partial clone', () => {
  it('tries', async () => {
    const theirs = await clone('--depth', '2', '--blob-limit', '100k');
    console.log(await theirs.ok('log'));
    console.log(await theirs.ok('status'));
    console.log(await theirs.ok('verify'));
    console.log(await theirs.ok('gc'));
    expect((await theirs.dml(['cat', 'data'])).bytes.length).toBe(300_000);
    console.log(await theirs.ok('status'));
    console.log(await theirs.ok('run', 'partial.ts', 'uses'));
    console.log(await theirs.refusal(10, ['show', 'HEAD~3']));
    console.log(await theirs.ok('push'));
    console.log(await theirs.ok('fetch', '--unshallow'));
    console.log(await theirs.ok('fetch', '--missing'));
    console.log(await theirs.ok('status'), await theirs.ok('log'));
    console.log(await theirs.ok('verify'));
  });
  it('tries run', async () => {
    const theirs = await clone('--blob-limit', '100k');
    console.log(await theirs.ok('status'));
    console.log(await theirs.ok('run', 'partial.ts', 'uses'));
    console.log(await theirs.ok('status'));
    console.log((await theirs.dml(['bundle', 'create', 'x.bundle'])).stderr);
    renameSync(team.shared, team.shared + 'x');
    console.log((await theirs.dml(['cat', 'HEAD~3:data'])).stderr);
    console.log((await theirs.dml(['run', 'partial.ts', 'uses', '--param', 'salt=4'])).stderr);
  });
});
