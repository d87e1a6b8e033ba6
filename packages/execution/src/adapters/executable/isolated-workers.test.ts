import type { DatumId } from '@daggerml/object-model';
import { parseFunctionUri } from '@daggerml/repository';
import { blob, f64, liftDatum, Uri } from '@daggerml/values';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyOf, type TestRun, Workspace } from '../../../test/workspace.ts';
import type { RunNode } from '../../run/run-node.ts';
import { adapterSuite } from '../../testing/adapter-suite.ts';
import { isolatedWorkers } from './isolated-workers.ts';

const STEPS = `
import { call } from '@daggerml/bindings';
export const double = (n: number) => ({ pid: process.pid, value: n * 2 });
export const twice = async (n: number) => {
  const { pid, value } = await call(double, n);
  return { outer: process.pid, inner: pid, value: value * 2 };
};
export const busy = () => { for (const end = Date.now() + 200; Date.now() < end; ); return 1; };
export const subtract = (a: number, b: number) => a - b;
export const fail = (text: string) => { throw new Error(text); };
export const wait = () => new Promise(() => { setInterval(() => {}, 1000); });
export const same = (value: unknown) => value;
export const list = (of: any[]) => of;
export const bytesOf = async (file: any) => (await file.bytes()).length;
export const print = (text: string) => { console.log(text); console.error(text + '!'); return text; };
export const bad = () => ({ f: () => 1 });
export const reset = () => { throw Object.assign(new TypeError('down'), { code: 'ECONNRESET' }); };
export const coded = (size: number) => {
  throw Object.assign(new Error('no'), { name: 'N'.repeat(size), code: 'c'.repeat(size) });
};
export const caused = (causes: number) => {
  let error: unknown = 'the first';
  for (let at = 0; at < causes; at += 1) error = Object.assign(new Error('no ' + at, { cause: error }), { code: 'E' + at });
  throw error;
};
export const halves = (count: number) => { throw new Error('é\ud800'.repeat(count)); };
export const nest = (levels: number) => {
  let value: unknown = 1;
  for (let at = 0; at < levels; at += 1) value = [value];
  return value;
};
export const place = async (_: number) => {
  const from = Date.now();
  await new Promise((done) => setTimeout(done, 300));
  return { pid: process.pid, from, to: Date.now() };
};
export const crash = () => { process.kill(process.pid, 'SIGSEGV'); return new Promise(() => {}); };
`;

let isolated: Workspace;
let threads: Workspace;
beforeAll(async () => {
  isolated = await Workspace.create(STEPS, { isIsolated: true, size: 2 });
  threads = await Workspace.create(STEPS);
});
afterAll(async () => {
  await isolated.close();
  await threads.close();
});

describe('isolated workers', () => {
  for (const { name, run } of adapterSuite) {
    it(`${name} [DML-EXE-1311]`, async () => {
      const test = isolated.begin();
      const uriOf = (exported: string): string => test.uriOf(exported);
      const start = isolatedWorkers({ size: 2 }, undefined);
      await expect(run({ start, objects: test.open.objects, uriOf })).resolves.toBeUndefined();
    });
  }

  it('give the function with the question [DML-EXE-3230]', async () => {
    const run = isolated.begin();
    const { bundleDatumId } = parseFunctionUri(run.uriOf('subtract'));
    // Nothing else of the store is within the reach of the process.
    expect(run.open.objects.hasDatum(bundleDatumId)).toBe(true);
    expect(await run.outcome(run.call('subtract', [5, 2]))).toBe(3);
  });
});

interface Place {
  readonly pid: number;
  readonly from: number;
  readonly to: number;
}

/** Returns what the exec of a call links as its result, and its failure. */
async function resultOf(run: TestRun, node: RunNode): Promise<unknown> {
  const outcome = await run.outcome(node);
  const { status, resultDagId } = node.execId === undefined ? {} : run.exec(node);
  return { outcome, status, resultDagId, key: keyOf(node) };
}

/** Names that JSON or the protocol could take for something else. */
const NAMES = ['__proto__', 'constructor', '$file', '/', '$', '', '\u2028\0'];
const big = new Uint8Array(3_000_000).map((_, at) => (at * at) % 251);
describe('a function', () => {
  it.each([
    [
      'same',
      [{ a: [1, f64(2), 2n ** 62n, 'é', null, true], $b: new Set([1, 'x']), u: Uri.fromString('s3://a/b') }],
    ],
    ['same', [new Uint8Array([1, 2, 255])]],
    ['same', [f64(Number.NaN)]],
    ['same', [blob(big)]],
    ['bytesOf', [blob(big)]],
    ['list', [[blob(new Uint8Array([1])), blob(new Uint8Array([2])), 'x']]],
    ['list', [Array.from({ length: 20_000 }, (_, at) => `item ${at}`)]],
    ['print', ['hello']],
    ['fail', ['no way']],
    ['bad', []],
    ['reset', []],
    ['coded', [600]],
    ['caused', [50]],
    ['fail', ['x\0\u2028'.repeat(2_000)]],
    ['halves', [3_000]],
    ['nest', [5_000]],
    [
      'same',
      [[f64(-0), f64(Infinity), f64(1e300), f64(5e-324), -(2n ** 63n), 2n ** 63n - 1n, 9007199254740993n]],
    ],
    [
      'same',
      [new Map<string, unknown>([...NAMES.map((name) => [name, name] as const), ['in', { $file: 'x' }]])],
    ],
    ['same', [new Set([new Set([1]), [2], 'x', null])]],
  ])('%s has the same result in a thread and in a process %# [DML-EXE-3232]', async (name, inputs) => {
    const results: unknown[] = [];
    for (const workspace of [threads, isolated]) {
      const run = workspace.begin({ workName: `same-${name}` });
      results.push(await resultOf(run, run.call(name, inputs as unknown[], { cache: false })));
      await run.open.close();
    }
    expect(results[1]).toEqual(results[0]);
  });

  it('prints the same in a process [DML-EXE-3207]', async () => {
    const run = isolated.begin();
    await run.outcome(run.call('print', ['hello'], { cache: false }));
    const printed = isolated.events.flatMap((event) => (event.type === 'call-output' ? [event.text] : []));
    expect(printed.join('')).toContain('hello\n');
    expect(printed.join('')).toContain('hello!\n');
  });

  it('is attempted again after what it throws by name, also in a process [DML-EXE-3239]', async () => {
    for (const [retryOn, attempts] of [
      ['ECONNRESET', 3],
      ['TypeError', 3],
      ['RangeError', 1],
    ] as const) {
      const run = isolated.begin();
      await run.outcome(run.call('reset', [], { cache: false, retryOn: [retryOn], retries: 2 }));
      expect(isolated.eventTypes.filter((type) => type === 'call-started')).toHaveLength(attempts);
    }
  });

  it('has its time on processors in the receipt [DML-EXE-3238]', async () => {
    const run = isolated.begin();
    const node = run.call('busy', [], { cache: false });
    await run.outcome(node);
    const receipt = liftDatum(run.open.objects, run.exec(node).receiptDatumId as DatumId);
    expect(receipt).toMatchObject({
      adapter: 'dml-worker',
      backend: 'executable',
      cpuMs: expect.any(Number),
    });
  });

  it('that is isolated runs in a process that runs nothing else at that time [DML-EXE-3235]', async () => {
    const run = isolated.begin();
    const nodes = [1, 2, 3, 4].map((each) => run.call('place', [each], { cache: false }));
    const places = (await Promise.all(nodes.map((node) => run.outcome(node)))) as Place[];
    const pids = new Set(places.map(({ pid }) => pid));
    expect(pids).not.toContain(process.pid);
    expect(pids.size).toBe(2);
    for (const pid of pids) {
      const ofOne = places.filter((place) => place.pid === pid).sort((one, other) => one.from - other.from);
      for (const [at, { to }] of ofOne.entries())
        expect(to).toBeLessThanOrEqual(ofOne[at + 1]?.from ?? Number.POSITIVE_INFINITY);
    }
  });

  it('that makes calls of its own runs in a thread, and those calls in processes [DML-EXE-3235]', async () => {
    const run = isolated.begin();
    const { outer, inner, value } = (await run.outcome(run.call('twice', [3]))) as Record<string, number>;
    expect([outer, value]).toEqual([process.pid, 12]);
    expect(inner).not.toBe(process.pid);
  });

  it('that crashes its process ends its own call alone [DML-EXE-3235]', async () => {
    const run = isolated.begin();
    const crash = run.call('crash', [], { cache: false });
    const others = [1, 2, 3].map((each) => run.call('subtract', [each, 1], { cache: false }));
    expect(await run.outcome(crash)).toMatchObject({ class: 'infrastructure', code: 'worker_lost' });
    expect(await Promise.all(others.map((node) => run.outcome(node)))).toEqual([0, 1, 2]);
  });
});
