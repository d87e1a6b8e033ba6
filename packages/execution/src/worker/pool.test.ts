import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BlobHandle, blob } from '@daggerml/values';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { keyOf, Workspace } from '../../test/workspace.ts';
import type { RunEvent } from '../run/events.ts';

const steps = `
import { existsSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { exit } from 'node:process';
import { isMainThread, threadId } from 'node:worker_threads';
import { blob, blobFromFile, f64, type BlobHandle } from '@daggerml/bindings';
export const thread = () => [isMainThread, threadId > 0];
export const say = (text: string) => { console.log(text); console.error('err ' + text); return text; };
export const environment = () => ({ ...process.env });
export const slow = (ms: number, from = 0) => new Promise((r) => setTimeout(() => r(ms), ms));
export const meet = async (folder: string, index: number) => {
  const [own, entered, running] = ['/' + index, folder + '/entered', folder + '/running'];
  writeFileSync(running + own, '');
  writeFileSync(entered + own, '');
  while (readdirSync(entered).length < 2) await new Promise((r) => setTimeout(r, 2));
  await new Promise((r) => setTimeout(r, 20));
  const { length } = readdirSync(running);
  unlinkSync(running + own);
  return length;
};
export const die = (flag: string) => {
  if (existsSync(flag)) return 'survived';
  writeFileSync(flag, '');
  (process as never as { reallyExit(code: number): never }).reallyExit(3);
};
export const alwaysDie = () => (process as never as { reallyExit(code: number): never }).reallyExit(4);
const bye = () => { process.exit(3); };
export const exitHere = () => { console.log('before'); for (let i = 0; i < 100; i++) console.log('line ' + i); bye(); return 1; };
export const exitBare = () => { process.exitCode = 4; process.exit(); };
export const exitByName = async () => { await null; exit('5'); };
export const exitCaught = () => { try { process.exit(6); } catch { return 'went on'; } };
export const exitTwice = () => { for (;;) try { process.exit(7); } catch {} };
export const exitLater = () => new Promise(() => { setTimeout(() => process.exit(8), 1); });
export const exitWaiting = () => { try { process.exit(9); } catch { return new Promise(() => { setInterval(() => {}, 1000); }); } };
// Without a hold on the thread, so that nothing of it is seen when its call ends.
let isSprung = false;
export const trap = async (end: 'throw' | 'exit', role: 'leave' | 'spring') => {
  const close = () => { if (end === 'exit') process.exit(10); throw new Error('trap'); };
  if (role === 'leave') { setInterval(() => { if (isSprung) close(); }, 1).unref(); return 'left'; }
  isSprung = true;
  await new Promise((r) => setTimeout(r, 300));
  return 'sprung';
};
export const exhaust = () => { const all: unknown[] = []; for (;;) all.push(new Array(1e5).fill(all.length)); };
export const stray = () => { setTimeout(() => { throw new Error('late'); }, 1); return new Promise(() => {}); };
export const leave = (ms: number) => { setTimeout(() => { throw new Error('left behind'); }, ms).unref(); return 'left'; };
export const flood = (lines: number) => { for (let i = 0; i < lines; i++) console.log('line ' + i); return lines; };
export const inVain = () => new Promise(() => {});
export const wokenLate = async (b: BlobHandle) => {
  await new Promise((r) => setTimeout(r, 30));
  return (await b.text()).length + (await new Promise<number>((r) => setImmediate(() => r(1))));
};
export const spin = () => { for (;;); };
export const spinFrom = (file: string) => { writeFileSync(file, ''); for (;;); };
export const hang = () => new Promise(() => { setInterval(() => {}, 1000); });
export const size = async (b: BlobHandle) => [b.sizeBytes, b.sha256, (await b.bytes()).length];
export const firstPiece = async (b: BlobHandle) => { for await (const piece of b.stream()) return piece.length; };
export const lines = async (b: BlobHandle) => blob((await b.text()).split('\\n').reverse().join('\\n'));
export const pieces = (n: number) => blob((async function* () { for (let i = 0; i < n; i++) yield new Uint8Array(100_000).fill(i); })());
export const fromFile = (path: string) => ({ file: blobFromFile(path), exact: f64(2) });
export const same = (b: BlobHandle) => ({ nested: [b] });
`;

let workspace: Workspace;

const printedIn = (events: readonly RunEvent[]): string =>
  events.map((event) => (event.type === 'call-output' ? event.text : '')).join('');

describe('WorkerPool', () => {
  beforeAll(async () => {
    workspace = await Workspace.create(steps, { env: { GREETING: 'hello' } });
  });
  afterAll(() => workspace.close());

  it('runs functions in a worker thread [DML-EXE-0801]', async () => {
    const run = workspace.begin();
    expect(await run.outcome(run.call('thread', []))).toEqual([false, true]);
  });

  it('shows a function the configured environment variables alone [DML-EXE-0808]', async () => {
    const run = workspace.begin();
    expect(await run.outcome(run.call('environment', []))).toEqual({ GREETING: 'hello' });
  });

  it('reports what a function prints as events [DML-EXE-0807]', async () => {
    const run = workspace.begin();
    await run.outcome(run.call('say', ['hi']));
    const output = workspace.events.filter((event) => event.type === 'call-output');
    expect(output.map(({ stream, text, name }) => [stream, text, name]).sort()).toEqual([
      ['stderr', 'err hi\n', 'say'],
      ['stdout', 'hi\n', 'say'],
    ]);
  });

  it('runs no more calls at one time than it has workers [DML-EXE-0802]', async () => {
    const run = workspace.begin({ workName: 'limit' });
    const folder = join(workspace.folder, 'meet');
    for (const name of ['entered', 'running']) mkdirSync(join(folder, name), { recursive: true });
    const nodes = Array.from({ length: 6 }, (_, index) => run.call('meet', [folder, index]));
    // The first two wait for each other, so neither ends before both run.
    const together = (await Promise.all(nodes.map((node) => run.outcome(node)))) as number[];
    expect(Math.max(...together)).toBe(2);
    expect(run.counts).toEqual({ executed: 6 });
  });

  it('gives a blob as a handle that reads on demand [DML-EXE-0804]', async () => {
    const run = workspace.begin();
    const bytes = Uint8Array.from({ length: 1_500_000 }, (_, index) => (index * 7919) >> 3);
    const node = run.literal(blob(bytes));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await run.outcome(run.call('size', [node]))).toEqual([1_500_000, sha256, 1_500_000]);
    expect(await run.outcome(run.call('firstPiece', [node]))).toBeLessThanOrEqual(256 * 1024);
  });

  it('takes blobs that a function makes from text, streams and files [DML-EXE-0806]', async () => {
    const run = workspace.begin();
    const text = run.literal(blob('a\nb\nc'));
    const made = async <Made>(name: string, input: unknown): Promise<Made> =>
      (await run.outcome(run.call(name, [input]))) as Made;
    expect(await (await made<BlobHandle>('lines', text)).text()).toBe('c\nb\na');
    const pieces = await made<BlobHandle>('pieces', 120);
    expect(pieces.sizeBytes).toBe(12_000_000);
    expect((await pieces.bytes())[11_950_000]).toBe(119);
    interface FromFile {
      file: BlobHandle;
      exact: number;
    }
    const { file, exact } = await made<FromFile>('fromFile', `${workspace.folder}/steps.ts`);
    expect([await file.text(), exact]).toEqual([steps, 2]);
    // Read in pieces into buffers that are used again.
    const content = randomBytes(5_000_000);
    writeFileSync(`${workspace.folder}/large.bin`, content);
    const large = await made<FromFile>('fromFile', `${workspace.folder}/large.bin`);
    expect(content.equals(await large.file.bytes())).toBe(true);
    expect(await made('same', text)).toEqual({ nested: [expect.objectContaining({ sizeBytes: 5 })] });
  });

  it('replaces a lost worker and tries the call again after a pause [DML-EXE-0809] [DML-EXE-1103]', async () => {
    const run = workspace.begin();
    expect(await run.outcome(run.call('die', [`${workspace.folder}/flag`]))).toBe('survived');
    const calls = workspace.events.filter(({ type }) => type.startsWith('call-'));
    const types = ['call-started', 'call-retried', 'call-started', 'call-finished'];
    expect(calls.map(({ type }) => type)).toEqual(types);
    expect(calls[1]).toMatchObject({ code: 'worker_lost', attempt: 1, afterMs: expect.any(Number) });
  });

  it('ends with the code of the last attempt, and records no exec [DML-EXE-0909] [DML-EXE-0906]', async () => {
    const run = workspace.begin();
    const node = run.call('alwaysDie', [], { retries: 1 });
    expect(await run.outcome(node)).toMatchObject({ class: 'infrastructure', code: 'worker_lost' });
    expect(workspace.eventTypes.filter((type) => type === 'call-started').length).toBe(2);
    expect([node.execId, workspace.store.cacheEntries(keyOf(node))]).toEqual([undefined, []]);
  });

  it.each([
    ['exitHere', 3],
    ['exitBare', 4],
    ['exitByName', 5],
    ['exitCaught', 6],
    ['exitTwice', 7],
    ['exitLater', 8],
    ['exitWaiting', 9],
  ])('records a failure of a function that ends its process: %s [DML-EXE-0824]', async (name, code) => {
    const run = workspace.begin();
    const node = run.call(name, []);
    expect(await run.outcome(node)).toMatchObject({
      class: 'deterministic',
      code: 'function_exited',
      message: `called process.exit(${code}); a function ends by returning or throwing`,
    });
    expect(node.failure?.trace[0]).toMatch(/steps\.ts:\d+:\d+/);
    const attempts = workspace.eventTypes.filter((type) => /^call-(started|retried)$/.test(type));
    expect(attempts).toEqual(['call-started']);
    expect(workspace.store.cacheEntries(keyOf(node))).toHaveLength(1);
    if (name !== 'exitHere') return;
    const printed = printedIn(workspace.events);
    expect(printed).toMatch(/^before\nline 0\n[\s\S]*line 99\n$/);
  });

  it('stops a call beyond its timeout together with its worker [DML-EXE-0810]', async () => {
    const run = workspace.begin();
    const node = run.call('spin', [], { timeoutMs: 80, retries: 0 });
    expect(await run.outcome(node)).toMatchObject({ class: 'infrastructure', code: 'timeout' });
    expect(await run.outcome(run.call('slow', [1, 99]))).toBe(1);
  });

  it('charges code that a call left running to that call', async () => {
    const run = workspace.begin();
    const failure = { code: 'function_threw', message: 'Error: late' };
    expect(await run.outcome(run.call('stray', []))).toMatchObject(failure);
    expect(await run.outcome(run.call('slow', [1, 98]))).toBe(1);
  });

  it('reports all that a function printed before its call ends [DML-EXE-0818]', async () => {
    const run = workspace.begin();
    await run.outcome(run.call('flood', [20_000]));
    const finished = workspace.events.findIndex((event) => event.type === 'call-finished');
    const text = printedIn(workspace.events.slice(0, finished));
    expect(text.split('\n').slice(0, -1)).toEqual(Array.from({ length: 20_000 }, (_, i) => `line ${i}`));
  });

  it('ends a call that waits in vain, and only such a one [DML-EXE-0820]', async () => {
    const run = workspace.begin();
    expect(await run.outcome(run.call('inVain', []))).toMatchObject({
      class: 'deterministic',
      code: 'never_settled',
    });
    const text = run.literal(blob('x'.repeat(70_000)));
    expect(await run.outcome(run.call('wokenLate', [text]))).toBe(70_001);
  });
});

describe('WorkerPool, ended', () => {
  afterEach(() => workspace.close());

  it('stops running calls when the run is cancelled [DML-EXE-0811]', async () => {
    workspace = await Workspace.create(steps, { size: 1 });
    const run = workspace.begin();
    const begun = join(workspace.folder, 'begun');
    const spinning = run.call('spinFrom', [begun]);
    await vi.waitUntil(() => existsSync(begun), { timeout: 600_000 });
    run.open.cancel('enough');
    expect(await run.outcome(spinning)).toMatchObject({ class: 'cancelled', code: 'cancelled' });
    expect(run.counts).toEqual({ cancelled: 1 });
    // The one thread that there may be is free again.
    const next = workspace.begin();
    expect(await next.outcome(next.call('slow', [2]))).toBe(2);
  });

  it('ends every worker thread on close [DML-EXE-0812]', async () => {
    workspace = await Workspace.create(steps);
    const active = (): number =>
      process.getActiveResourcesInfo().filter((resource) => /^(MessagePort|Worker)$/.test(resource)).length;
    const many = { timeout: 600_000 };
    // The ports of threads that have ended go away a little later.
    await vi.waitUntil(() => active() === 0, many);
    const run = workspace.begin();
    const spinning = [run.call('spin', []), run.call('hang', [])];
    await vi.waitUntil(() => active() > 0, many);
    await workspace.executor.close();
    for (const node of spinning) expect(node.failure?.class).toBe('cancelled');
    await vi.waitUntil(() => active() === 0, many);
  });

  it.each([
    ['what', 'throw', 'DML-EXE-0819'],
    ['the exit of what', 'exit', 'DML-EXE-0825'],
  ])('does not charge a call with %s an earlier one left behind by %s [%s]', async (_what, end) => {
    workspace = await Workspace.create(steps, { size: 1 });
    const run = workspace.begin();
    expect(await run.outcome(run.call('trap', [end, 'leave']))).toBe('left');
    expect(await run.outcome(run.call('trap', [end, 'spring']))).toBe('sprung');
    const lost = workspace.events.find((event) => event.type === 'call-retried');
    expect(lost).toMatchObject({ name: 'trap', code: 'worker_lost' });
    // What it leaves fails in an idle thread or during the next call, which then runs in another one.
    expect(await run.outcome(run.call('leave', [300]))).toBe('left');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await run.outcome(run.call('slow', [2]))).toBe(2);
    expect(run.counts).toEqual({ executed: 4 });
  });

  it('loses a worker, not the process, when a call exhausts its memory limit [DML-EXE-0816]', async () => {
    workspace = await Workspace.create(steps, { resourceLimits: { maxOldGenerationSizeMb: 40 } });
    const run = workspace.begin();
    expect(await run.outcome(run.call('exhaust', [], { retries: 0 }))).toMatchObject({ code: 'worker_lost' });
  });
});
