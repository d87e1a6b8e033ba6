import type { DatumId } from '@daggerml/object-model';
import { liftDatum } from '@daggerml/values';
import { afterEach, describe, expect, it } from 'vitest';
import { type TestRun, Workspace } from '../../test/workspace.ts';
import type { RunNode } from '../run/run-node.ts';

const STEPS = `
import { existsSync, writeFileSync } from 'node:fs';
export const silent = (x: number) => x;
export const bytes = (list: number[]) => { process.stdout.write(Uint8Array.from(list)); return list.length; };
export const mixed = (n: number) => {
  for (let i = 0; i < n; i++) { process.stdout.write('out ' + i + ';'); process.stderr.write('err ' + i + ';'); }
  return n;
};
export const paced = async (n: number) => {
  for (let i = 0; i < n; i++) {
    await new Promise((resolve) => process.stdout.write('a'.repeat(100_000), resolve));
    await new Promise((resolve) => process.stderr.write('b', resolve));
  }
  return n;
};
export const fail = (text: string) => { console.error(text); throw new Error('no'); };
export const die = (flag: string) => {
  console.log('attempt');
  if (existsSync(flag + '2')) return 'survived';
  writeFileSync(existsSync(flag) ? flag + '2' : flag, '');
  return new Promise(() => setTimeout(() => (process as never as { reallyExit(code: number): never }).reallyExit(3), 20));
};
export const touch = (i: number) => {
  console.log('call ' + i);
  if (i === 5) (globalThis as any).touched = i;
  return i;
};
export const busy = (ms: number) => {
  const end = performance.now() + ms;
  let sum = 0;
  while (performance.now() < end) sum += Math.sqrt(sum + 1);
  return sum > 0;
};
export const sleep = async (ms: number) => new Promise((resolve) => setTimeout(() => resolve(ms), ms));
export const logOf = async (receipt: any) => [receipt.schema, await receipt.log.content.text()];
`;

let workspace: Workspace;
afterEach(() => workspace.close());

async function begin(): Promise<TestRun> {
  workspace = await Workspace.create(STEPS);
  return workspace.begin();
}

interface Receipt {
  readonly cpuMs?: number;
  readonly peakMemoryBytes?: number;
  readonly log?: { readonly content: { bytes(): Promise<Uint8Array> }; readonly runs: readonly number[] };
}

const receiptIdOf = (run: TestRun, node: RunNode): DatumId => run.exec(node).receiptDatumId as DatumId;
const receiptOf = (run: TestRun, node: RunNode): Receipt =>
  liftDatum(run.open.objects, receiptIdOf(run, node)) as Receipt;

async function logOf(run: TestRun, node: RunNode): Promise<Buffer | undefined> {
  await run.open.run.settled(node);
  const { log } = receiptOf(run, node);
  return log && Buffer.from(await log.content.bytes());
}

describe('the log of a call', () => {
  it('is a blob of the bytes that it printed, also of a failed call [DML-EXE-1803]', async () => {
    const run = await begin();
    const node = run.call('bytes', [[0xff, 0, 0xc3, 65, 0x80]]);
    expect(await logOf(run, node)).toEqual(Buffer.from([0xff, 0, 0xc3, 65, 0x80]));
    const failed = run.call('fail', ['what went wrong']);
    expect(String(await logOf(run, failed))).toBe('what went wrong\n');
    expect(run.exec(failed).status).toBe('error');
    expect(receiptOf(run, failed).log?.runs).toEqual([0, 16]);
  });

  it('has both streams in the order in which they were printed [DML-EXE-3601]', async () => {
    const run = await begin();
    const node = run.call('mixed', [500]);
    const expected = Array.from({ length: 500 }, (_, i) => `out ${i};err ${i};`).join('');
    expect(String(await logOf(run, node))).toBe(expected);
    expect(receiptOf(run, node).log?.runs).toHaveLength(1_000);
  });

  it('takes more than is on its way at one time from a function that waits for it [DML-EXE-3601]', async () => {
    const run = await begin();
    const node = run.call('paced', [9]);
    expect(String(await logOf(run, node))).toBe(`${'a'.repeat(100_000)}b`.repeat(9));
  });

  it('is of the attempt that counts alone [DML-EXE-3607]', async () => {
    const run = await begin();
    const node = run.call('die', [`${workspace.folder}/flag`]);
    expect(String(await logOf(run, node))).toBe('attempt\n');
    expect(run.value(node)).toBe('survived');
  });

  it('has what was printed once where short calls are made again one by one [DML-EXE-3607]', async () => {
    const run = await begin();
    for (let i = 100; i < 106; i += 1) await run.outcome(run.call('touch', [i]));
    const nodes = Array.from({ length: 40 }, (_, i) => run.call('touch', [i]));
    const logs = await Promise.all(nodes.map((node) => logOf(run, node)));
    expect(logs.map(String)).toEqual(nodes.map((_, i) => `call ${i}\n`));
  });
});

describe('the receipt of a call', () => {
  it('is shared by calls that print nothing, and its own for one that prints [DML-EXE-3604]', async () => {
    const run = await begin();
    const nodes = [run.call('silent', [1]), run.call('silent', [2]), run.call('mixed', [1])];
    const [first, second, loud] = nodes as [RunNode, RunNode, RunNode];
    for (const node of nodes) await run.outcome(node);
    expect(receiptIdOf(run, first)).toBe(receiptIdOf(run, second));
    expect(receiptIdOf(run, loud)).not.toBe(receiptIdOf(run, first));
    const { log, ...shared } = receiptOf(run, loud);
    expect(log).toBeDefined();
    expect(receiptOf(run, first)).toEqual(shared);
  });

  it('names the processor time of the thread for a call of 100 ms [DML-EXE-3605]', async () => {
    const run = await begin();
    const [busy, asleep] = [run.call('busy', [150]), run.call('sleep', [400])];
    for (const node of [busy, asleep]) await run.outcome(node);
    const { cpuMs = -1 } = receiptOf(run, busy);
    expect(Number.isInteger(cpuMs)).toBe(true);
    expect(cpuMs).toBeGreaterThan(0);
    // The thread has waited.
    expect(receiptOf(run, asleep).cpuMs).toBeLessThan(400);
  });

  it('is a value that a call can take [DML-EXE-1804]', async () => {
    const run = await begin();
    const node = run.call('mixed', [1]);
    await run.outcome(node);
    const literal = run.open.run.addLiteral(receiptIdOf(run, node));
    expect(await run.outcome(run.call('logOf', [literal]))).toEqual([1, 'out 0;err 0;']);
  });

  it('names the peak memory that the adapter knows [DML-EXE-1812]', async () => {
    workspace = await Workspace.held();
    workspace.write('export const f = (x: number) => x;');
    const run = workspace.begin();
    const [known, unknown] = [run.call('f', [1]), run.call('f', [2])];
    await Promise.resolve();
    const [first, second] = workspace.held.held.splice(0);
    const datumId = run.open.objects.putDatum(
      run.open.objects.getBytes('datum', run.literal(1).valueId as DatumId) as Uint8Array,
    );
    const done = { type: 'done', outcome: 'ok', datumId } as const;
    workspace.held.answer({ ...done, usage: { peakMemoryBytes: 12_345 } }, first);
    workspace.held.answer(done, second);
    for (const node of [known, unknown]) await run.outcome(node);
    expect(receiptOf(run, known).peakMemoryBytes).toBe(12_345);
    expect(receiptOf(run, unknown)).not.toHaveProperty('peakMemoryBytes');
  });
});
