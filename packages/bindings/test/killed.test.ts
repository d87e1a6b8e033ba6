import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { loadPipeline } from '@daggerml/capture';
import type { CallOutcome } from '@daggerml/execution';
import type { BlobHandle } from '@daggerml/values';
import { expect, it, vi } from 'vitest';
import { Project } from './project.ts';

// Starts processes.
vi.setConfig({ testTimeout: 300_000 });

/** Functions that make blobs of their own, read them and take a while. */
const steps = `
import { blob, type BlobHandle } from '@daggerml/bindings';
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
// The same in both runs: which of two results a later run takes must not decide what it has to compute.
const bytes = (text: string, outputLength: number) => createHash('shake256', { outputLength }).update(text).digest();
export const make = async (round: number, index: number) => {
  await setTimeout(3 * index);
  const pieces = async function* () { for (let i = 0; i < 20; i += 1) yield bytes([round, index, i].join(), 20_000 * index + 7); };
  return { data: blob(pieces()) };
};
export const measure = async ({ data }: { data: BlobHandle }) => (await data.bytes()).length;
export const total = (...sizes: number[]) => sizes.reduce((sum, size) => sum + size, 0);
`;
const pipelineOf = (round: number): string => `
import { blob, definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./blob-steps.ts')>(new URL('./blob-steps.ts', import.meta.url));
export const killed = definePipeline('killed', (dag) => {
  const made = Array.from({ length: 8 }, (_, index) => dag.call(steps.make, ${round}, index));
  const total = dag.call(steps.total, ...made.map((part) => dag.call(steps.measure, part)));
  return { total, made, text: blob('round ${round} '.repeat(20_000)) };
});`;
const CALLS = 17;

/** Runs a pipeline in another process and prints each call as it ends; stops after so many to be killed, however late. */
const CHILD = `
  import { writeSync } from 'node:fs';
  const { loadPipeline, Repository } = await import(process.argv[1]);
  const repository = await Repository.open(process.argv[2], { workers: 2 });
  let left = Number(process.argv[4]);
  const onEvent = ({ type, nodeId }) => {
    if (type !== 'call-finished') return;
    writeSync(1, nodeId + '\\n');
    left -= 1;
    if (left === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
  await repository.run(await loadPipeline(process.argv[3]), { onEvent });
  await repository.close();`;

/** Runs a pipeline in another process, which is killed at the end of so many calls; returns the calls that ended. */
async function killedAfter(calls: number, folder: string, file: string): Promise<string[]> {
  const index = new URL('../dist/index.js', import.meta.url).href;
  const stop = calls < CALLS ? calls : 0;
  const args = ['--input-type=module', '-e', CHILD, index, folder, file, String(stop)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (calls < CALLS && output.split('\n').length > calls) child.kill('SIGKILL');
  });
  const [exitCode] = await once(child, 'close');
  expect(exitCode).toBe(calls < CALLS ? null : 0);
  return output.split('\n').slice(0, -1);
}

it('two runs of one pipeline at once, one or both of which are killed, lose no call that was complete [DML-EXE-1008]', async () => {
  const project = await Project.create();
  project.write('blob-steps.ts', steps);
  for (const [round, kills] of [
    [2, CALLS],
    [1, 9],
    [5, CALLS],
  ].entries()) {
    const file = project.write(`pipeline-${round}.ts`, pipelineOf(round));
    const ended = await Promise.all(kills.map((calls) => killedAfter(calls, project.folder, file)));
    expect([round, await project.findings()]).toEqual([round, []]);
    const outcomes = new Map<string, CallOutcome>();
    const { dag } = await project.repository.run(await loadPipeline(file), {
      onEvent: (event) => event.type === 'call-finished' && outcomes.set(event.nodeId, event.outcome),
    });
    for (const nodeId of ended.flat()) expect([round, outcomes.get(nodeId)]).toEqual([round, 'cached']);
    expect([...outcomes.values()].filter((each) => each === 'executed' || each === 'cached')).toHaveLength(
      CALLS,
    );
    const { total, made } = (await dag.root.value()) as { total: number; made: { data: BlobHandle }[] };
    let sizeBytes = 0;
    for (const { data } of made) {
      const bytes = await data.bytes();
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(data.sha256);
      sizeBytes += bytes.length;
    }
    expect(total).toBe(sizeBytes);
  }
  expect(project.repository.store.readRefs('index')).toEqual([]);
});
