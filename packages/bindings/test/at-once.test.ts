import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterTests } from '@daggerml/testkit';
import { describe, expect, it, vi } from 'vitest';
import { Project } from './project.ts';

// Starts processes.
vi.setConfig({ testTimeout: 300_000 });

const CALLS = 40;

/** Functions that note each time they run, and wait for a gate that is named by their input. */
const stepsOf = (folder: string): string => `
import { existsSync, openSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
const ran = openSync(${JSON.stringify(join(folder, 'ran'))}, 'a');
export const work = async (n: number) => {
  writeSync(ran, n + '\\n');
  await setTimeout(5);
  while (n === 7 && !existsSync(${JSON.stringify(join(folder, 'gate'))})) await setTimeout(5);
  if (n === 8) throw new Error('eight');
  return n;
};
`;
const pipeline = `
import { definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./counted.ts')>(new URL('./counted.ts', import.meta.url));
export const many = definePipeline('many', (dag) => {
  const calls = Array.from({ length: ${CALLS} }, (_, n) => dag.call(steps.work, n));
  return calls.filter((_, n) => n !== 8);
});`;

/** Runs a pipeline and prints its events. */
const CHILD = `
  import { writeSync } from 'node:fs';
  const { loadPipeline, Repository } = await import(process.argv[1]);
  const repository = await Repository.open(process.argv[2], { workers: 2 });
  const onEvent = ({ type, name, outcome, failure, pid }) =>
    writeSync(1, [type, outcome ?? '', failure?.code ?? '', pid ?? ''].join(' ').trim() + '\\n');
  await repository.run(await loadPipeline(process.argv[2] + '/pipeline.ts'), { onEvent });
  await repository.close();`;

interface Other {
  readonly child: ChildProcess;
  readonly lines: () => string[];
  readonly closed: Promise<unknown>;
}

function start(folder: string): Other {
  const index = new URL('../dist/index.js', import.meta.url).href;
  const args = ['--input-type=module', '-e', CHILD, index, folder];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  afterTests('test', () => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return { child, lines: () => output.split('\n').slice(0, -1), closed: once(child, 'close') };
}

async function prepare(): Promise<{ project: Project; ran: () => number[]; open: () => void }> {
  const project = await Project.create();
  project.write('counted.ts', stepsOf(project.folder));
  project.write('pipeline.ts', pipeline);
  const file = join(project.folder, 'ran');
  const ran = (): number[] =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1).map(Number) : [];
  return { project, ran, open: () => writeFileSync(join(project.folder, 'gate'), '') };
}

/** Returns whether something holds within some time. */
const soon = (is: () => boolean, timeout = 10_000): Promise<boolean> =>
  vi.waitUntil(is, { timeout, interval: 10 }).then(
    () => true,
    () => false,
  );
const until = (is: () => boolean): Promise<unknown> => vi.waitUntil(is, { timeout: 120_000, interval: 10 });
const ended = ({ lines }: Other): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const line of lines()) if (line.startsWith('call-finished')) counts[line] = (counts[line] ?? 0) + 1;
  return counts;
};
/** Inputs of calls that ran more often than once. */
const repeated = (ran: readonly number[]): number[] => ran.filter((n, index) => ran.indexOf(n) !== index);

describe('processes that run one pipeline at the same time', () => {
  it('run each call once, and all of them get each outcome', async () => {
    const { project, ran, open } = await prepare();
    open();
    const others = Array.from({ length: 4 }, () => start(project.folder));
    await Promise.all(others.map(({ closed }) => closed));
    expect(repeated(ran())).toEqual([]);
    expect(ran()).toHaveLength(CALLS);
    let executed = 0;
    for (const other of others) {
      const counts = ended(other);
      executed += counts['call-finished executed'] ?? 0;
      expect(counts['call-finished failed function_threw']).toBe(1);
      expect((counts['call-finished executed'] ?? 0) + (counts['call-finished cached'] ?? 0)).toBe(CALLS - 1);
    }
    expect(executed).toBe(CALLS - 1);
    expect(await project.findings()).toEqual([]);
    expect(project.repository.store.readRefs('index')).toEqual([]);
  });

  it('take over what a killed one has left, and nothing that it has kept [DML-EXE-3005]', async () => {
    const { project, ran, open } = await prepare();
    const owner = start(project.folder);
    const isKept = (): boolean => Object.values(ended(owner)).reduce((sum, n) => sum + n, 0) === CALLS - 1;
    await until(isKept);
    const waiting = start(project.folder);
    await until(() => waiting.lines().includes(`call-elsewhere   ${owner.child.pid}`));
    expect(repeated(ran())).toEqual([]);
    owner.child.kill('SIGKILL');
    await owner.closed;
    await until(() => ran().length === CALLS + 1);
    expect(repeated(ran())).toEqual([7]);
    open();
    await waiting.closed;
    expect(ended(waiting)).toEqual({
      'call-finished executed': 1,
      'call-finished cached': CALLS - 2,
      'call-finished failed function_threw': 1,
    });
    expect(await project.findings()).toEqual([]);
  });

  it('leave what a stopped one has begun to that one [DML-STO-1951]', async () => {
    const { project, ran, open } = await prepare();
    const owner = start(project.folder);
    await until(() => ran().length === CALLS);
    owner.child.kill('SIGSTOP');
    const waiting = start(project.folder);
    const isTold = (): boolean => waiting.lines().includes(`call-elsewhere   ${owner.child.pid}`);
    // Who is stopped in a transaction holds up everybody: it is let out of that and stopped again.
    for (let looks = 0; !(await soon(isTold)) && looks < 10; looks += 1) {
      owner.child.kill('SIGCONT');
      await soon(() => false, 50);
      owner.child.kill('SIGSTOP');
    }
    expect(isTold()).toBe(true);
    open();
    // Several looks at who has the call.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(ran()).toHaveLength(CALLS);
    owner.child.kill('SIGCONT');
    await Promise.all([owner.closed, waiting.closed]);
    expect(ran()).toHaveLength(CALLS);
    expect(ended(waiting)['call-finished cached']).toBe(CALLS - 1);
  });
});
