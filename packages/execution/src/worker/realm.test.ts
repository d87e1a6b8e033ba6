import { rounds } from '@daggerml/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type TestRun, Workspace } from '../../test/workspace.ts';

const steps = `
import fs from 'node:fs';
import { writeFileSync, existsSync } from 'node:fs';
import { blob, TemporaryError } from '@daggerml/bindings';
const T = globalThis as any;
export const look = (i: unknown) => [typeof ([] as any).sum, T.G ?? 'unset', process.env.LEAK ?? 'unset', Math.max(1, 2),
  new Map([[1, 2]]).get(1), [...[1, 2]].length, Date.now() > 1e12, typeof fs.readFileSync, JSON.stringify({ a: [1] }),
  RegExp.$1, process.exitCode ?? 'unset', Object.keys({ b: 1 }), new Set([3]), { nested: { i } }];
const changes: Record<string, () => unknown> = {
  prototype: () => { ([] as any).__proto__.sum = () => 1; },
  global: () => { T.G = 'set'; },
  environment: () => { process.env.LEAK = 'yes'; },
  namespace: () => { Math.max = () => -1; },
  map: () => { Map.prototype.get = () => 'broken'; },
  mapThrows: () => { Map.prototype.get = Map.prototype.set = Map.prototype.has = () => { throw new Error('broken'); }; },
  iterator: () => { Array.prototype[Symbol.iterator] = function* () {} as any; },
  push: () => { Array.prototype.push = Array.prototype.map = () => 0 as any; },
  clock: () => { T.Date = class { static now() { return 0; } }; },
  clockNow: () => { Date.now = () => 0; },
  module: () => { (fs as any).readFileSync = 0; },
  json: () => { JSON.stringify = () => 'broken'; },
  then: () => { Promise.prototype.then = () => { throw new Error('broken'); }; },
  constructor: () => { Object.defineProperty(Promise.prototype, 'constructor', { get() { throw new Error('broken'); } }); },
  keys: () => { Object.keys = () => []; Object.getPrototypeOf = () => null; Object.entries = () => []; },
  pollution: () => { for (const key of ['get', 'value', 'path', 'then']) (Object.prototype as any)[key] = 1; },
  typed: () => { Uint8Array.prototype.set = () => {}; Uint8Array.prototype.subarray = () => new Uint8Array(); },
  text: () => { TextEncoder.prototype.encode = () => new Uint8Array(); String.prototype.isWellFormed = () => false; },
  buffer: () => { Buffer.compare = () => 0; Buffer.byteLength = () => 1e9; },
  deleted: () => { delete (Array.prototype as any).flat; },
  closed: () => { Object.preventExtensions(Set.prototype); },
  frozen: () => { Object.freeze(Array.prototype); },
  parent: () => { Object.setPrototypeOf(Map.prototype, { sum: 1 }); },
  match: () => { /(a)/.exec('a'); },
  exitCode: () => { process.exitCode = 3; },
  timer: () => { setInterval(() => { T.G = 'set'; }, 1); },
  reflect: () => { Reflect.ownKeys = () => []; Reflect.getOwnPropertyDescriptor = () => undefined; Set.prototype.has = () => true; },
};
export const names = () => Object.keys(changes);
export const change = (name: string, i: number) => { changes[name]!(); return { name, list: [i, [i]], set: new Set([i]), text: 'é' }; };
export const changeForGood = () => Object.defineProperty(Map.prototype, 'get', { value: () => 0, configurable: false, writable: false }) && 1;
export const overflow = (n: number): number => overflow(n + 1) + 1;
export const overflowCaught = () => { try { return overflow(0); } catch { return 'caught'; } };
export const late = (i: number) => ({ get i() { T.G = 'set'; return i; } });
export const streams = () => blob((async function* () { T.G = 'set'; yield new Uint8Array(3); })());
export const badStream = (i: number) => blob((async function* () { yield new Uint8Array(i); throw new Error('dry'); })());
export const busy = (flag: string, times: number) => {
  for (let i = 0; i < times; i++) if (!existsSync(flag + i)) { writeFileSync(flag + i, ''); throw new TemporaryError('busy'); }
  return 'served';
};
/** Changes a random property of a random object that all code shares; the same for the same seed. */
export const tamper = (seed: number) => {
  const at = (n: number) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0, (seed >>> 8) % n);
  const owners = Object.getOwnPropertyNames(T).filter((n) => /^[A-Z]/.test(n)).map((n) => T[n]).filter((value) => Object(value) === value);
  let owner = owners[at(owners.length)];
  if (owner.prototype && at(3) > 0) owner = owner.prototype;
  const keys = Reflect.ownKeys(owner);
  const key = at(8) === 0 ? 'added' : keys[at(keys.length)]!;
  const forms = [() => 0, () => { throw new Error('tampered'); }, undefined, function* () {}, class {}];
  try {
    if (at(6) === 0) delete owner[key];
    else if (at(4) === 0) Object.defineProperty(owner, key, { get: () => seed, configurable: true });
    else Object.defineProperty(owner, key, { value: forms[at(forms.length)], configurable: true, writable: true });
  } catch {}
  return { seed, list: [[1], { a: 'x' }] };
};
export const echo = (i: number) => i;
export const uses = (i: number) => { new Blob(['a']); structuredClone({}); new Intl.NumberFormat('de').format(i); return i; };
`;
const polyfilled = `
(Array.prototype as any).sum = function (this: number[]) { return this.reduce((a, b) => a + b, 0); };
Map.prototype.get = () => 'polyfilled' as any;
let loads = 0;
loads += 1;
import { threadId } from 'node:worker_threads';
import { blob } from '@daggerml/bindings';
export const sum = (list: number[]) => [(list as any).sum(), new Map([[1, 1]]).get(1), loads];
export const streamed = (list: number[]) => blob((async function* () { yield new Uint8Array([(list as any).sum()]); })());
export const thread = (i: number) => threadId;
`;

/** What `look` returns wherever it runs first. */
const fresh = (i: unknown): unknown[] => {
  const plain = ['undefined', 'unset', 'unset', 2, 2, 2, true, 'function', '{"a":[1]}', '', 'unset', ['b']];
  return [...plain, new Set([3]), { nested: { i } }];
};

let workspace: Workspace;
let run: TestRun;
async function open(size: number, source = steps): Promise<void> {
  workspace = await Workspace.create(source, { size });
  run = workspace.begin();
}
/** Returns how many attempts were begun. */
const started = (): number => workspace.eventTypes.filter((type) => type === 'call-started').length;
const threads = (ids: unknown): number => new Set(ids as number[]).size;

describe.each([1, 3])('calls in %i threads', (size) => {
  beforeAll(() => open(size));
  afterAll(() => workspace.close());

  it('see nothing of what other calls have changed [DML-EXE-2400]', async () => {
    const names = (await run.outcome(run.call('names', []))) as string[];
    let calls = 0;
    for (const name of names) {
      const changed = [run.call('change', [name, calls++])];
      const looked = Array.from({ length: 9 }, () => run.call('look', [calls++]));
      const list = [expect.any(Number), [expect.any(Number)]];
      for (const node of changed)
        expect(await run.outcome(node), name).toMatchObject({ name, text: 'é', list });
      for (const node of looked) {
        const value = (await run.outcome(node)) as unknown[];
        expect(value, name).toEqual(fresh((value.at(-1) as { nested: { i: number } }).nested.i));
      }
    }
    expect(run.counts).toEqual({ executed: 1 + 10 * names.length });
  });

  it('see nothing of what was changed while a result was read [DML-EXE-2400]', async () => {
    const nodes = ['late', 'streams'].flatMap((name) => [
      run.call(name, name === 'late' ? [size] : []),
      run.call('look', [name]),
    ]);
    await Promise.all(nodes.map((node) => run.outcome(node)));
    for (const at of [1, 3]) expect(((await run.outcome(nodes[at]!)) as unknown[])[1]).toBe('unset');
  });
});

/** 600 calls in full rounds, every tenth of which changes something. */
const CALLS = rounds(200, 600);

describe('random changes between random calls', () => {
  beforeAll(() => open(2));
  afterAll(() => workspace.close());

  it('change no value and no class of a failure [DML-EXE-2400]', async () => {
    const firstSeed = 20_261_127;
    for (let from = 0; from < CALLS; from += 200) {
      const nodes = Array.from({ length: 200 }, (_, i) =>
        i % 10 === 0
          ? run.call('tamper', [firstSeed + from + i], { timeoutMs: 60_000, retries: 0 })
          : run.call(i % 3 ? 'look' : 'badStream', [from + i]),
      );
      for (const [i, node] of nodes.entries()) {
        const value = (await run.outcome(node)) as { code?: string };
        const shown = `first seed ${firstSeed}, call ${from + i}: ${JSON.stringify(value)}`;
        const dry = { class: 'deterministic', code: 'function_threw', message: 'Error: dry' };
        if (i % 10 !== 0) expect(value, shown).toEqual(i % 3 ? fresh(from + i) : dry);
        // What breaks Node itself may cost the call that did it its outcome, which is never another value.
        else if (value.code !== 'worker_lost')
          expect(value, shown).toEqual({ seed: expect.any(Number), list: [[1], { a: 'x' }] });
      }
    }
  }, 1_800_000);
});

describe('a call', () => {
  afterEach(() => workspace.close());

  it('whose result cannot be read in an untouched realm is not recorded [DML-EXE-2401]', async () => {
    await open(1);
    const node = run.call('changeForGood', [], { retries: 0 });
    expect(await run.outcome(node)).toMatchObject({
      class: 'infrastructure',
      code: 'worker_lost',
      message: expect.stringContaining('Map.prototype.get'),
    });
    expect(node.execId).toBeUndefined();
    expect(await run.outcome(run.call('look', [1]))).toEqual(fresh(1));
  });

  it('whose stream throws has failed by itself [DML-EXE-2401]', async () => {
    await open(1);
    const node = run.call('badStream', [3]);
    expect(await run.outcome(node)).toMatchObject({ class: 'deterministic', message: 'Error: dry' });
    expect(node.execId).toBeDefined();
  });

  it('whose stack overflows ends unrecorded, without another attempt [DML-EXE-2403]', async () => {
    await open(1);
    const node = run.call('overflow', [0]);
    expect(await run.outcome(node)).toMatchObject({ class: 'infrastructure', code: 'stack_overflow' });
    expect(node.execId).toBeUndefined();
    expect(started()).toBe(1);
    expect(await run.outcome(run.call('overflowCaught', []))).toBe('caught');
  });

  it('whose function throws a TemporaryError is attempted again, and not recorded [DML-EXE-0912]', async () => {
    await open(1);
    expect(await run.outcome(run.call('busy', [`${workspace.folder}/a`, 2]))).toBe('served');
    const node = run.call('busy', [`${workspace.folder}/b`, 3]);
    expect(await run.outcome(node)).toMatchObject({
      class: 'infrastructure',
      code: 'temporary_failure',
      message: 'TemporaryError: busy',
    });
    expect(node.execId).toBeUndefined();
    expect(started()).toBe(6);
  });

  it.each([
    ['throws while it loads', `export const f = () => 1;\nif (f()) throw new Error('no luck');`, 'no luck'],
    ['exports no function', 'export const f = [1];', 'the export "f" is not a function'],
  ])('whose bundle %s ends unrecorded, without another attempt [DML-EXE-2404]', async (_, code, message) => {
    await open(1, code);
    const node = run.call('f', []);
    expect(await run.outcome(node)).toMatchObject({
      class: 'infrastructure',
      code: 'load_failed',
      message: expect.stringContaining(`Error: ${message}`),
    });
    expect(node.execId).toBeUndefined();
    expect(started()).toBe(1);
  });

  it('beyond its time is attempted again only where that is asked for [DML-EXE-2405]', async () => {
    await open(1, `export const hang = () => new Promise(() => { setInterval(() => {}, 1000); });`);
    for (const retries of [undefined, 0, 2]) {
      const attempts = 1 + (retries ?? 0);
      run = workspace.begin({ workName: `r${retries}` });
      const node = run.call('hang', [], { timeoutMs: 30, ...(retries !== undefined && { retries }) });
      expect(await run.outcome(node)).toMatchObject({ class: 'infrastructure', code: 'timeout' });
      expect(started()).toBe(attempts);
    }
  });
});

describe('a bundle whose loading changes the realm', () => {
  afterEach(() => workspace.close());

  it('has its threads for itself, and keeps them [DML-EXE-2402]', async () => {
    await open(2, polyfilled);
    const sums = Array.from({ length: 8 }, (_, i) => run.call('sum', [[i, 1]]));
    for (const [i, node] of sums.entries()) expect(await run.outcome(node)).toEqual([i + 1, 'polyfilled', 1]);
    const ids = await Promise.all(Array.from({ length: 8 }, (_, i) => run.outcome(run.call('thread', [i]))));
    expect(threads(ids)).toBeLessThanOrEqual(2);
    const stream = (await run.outcome(run.call('streamed', [[2, 3]]))) as { bytes(): Promise<Uint8Array> };
    expect([...(await stream.bytes())]).toEqual([5]);
    workspace.write(steps);
    const others = Array.from({ length: 30 }, (_, i) => run.call('look', [i]));
    for (const [i, node] of others.entries()) expect(await run.outcome(node)).toEqual(fresh(i));
  });
});

describe('a symbol of the registry that stays in a shared object', () => {
  afterEach(() => workspace.close());
  const fixed = (name: string, object = 'globalThis'): string =>
    `Object.defineProperty(${object}, Symbol.for('${name}'), { value: [] });`;
  const look = `export const look = () => Object.getOwnPropertySymbols(globalThis).map(String).filter((s) => s.includes('own.'));`;

  it('is no reason to lose calls, whether loading or a call has made it [DML-EXE-2408]', async () => {
    await open(
      1,
      `import fs from 'node:fs'; ${fixed('own.queue')} ${fixed('own.queue', 'fs')}\nexport const load = (i: number) => i;`,
    );
    for (const i of [1, 2]) expect(await run.outcome(run.call('load', [i]))).toBe(i);
    workspace.write(`${look} export const call = (i: number) => { ${fixed('own.other')} return i; };`);
    expect(await run.outcome(run.call('look', []))).toEqual([]);
    for (const i of [3, 4]) expect(await run.outcome(run.call('call', [i]))).toBe(i);
    expect(await run.outcome(run.call('look', [], { cache: false }))).toEqual([]);
  });

  it('is one where the language or Node knows it, or it is no such symbol', async () => {
    for (const key of [
      'Symbol.toPrimitive',
      `Symbol.for('nodejs.util.inspect.custom')`,
      `Symbol.for('daggerml.x')`,
      `Symbol('own.x')`,
    ]) {
      await open(
        1,
        `export const f = () => { Object.defineProperty(globalThis, ${key}, { value: 'x' }); return 1; };`,
      );
      const ends = await run.outcome(run.call('f', []));
      expect(ends).toMatchObject({ code: 'worker_lost' });
      await workspace.close();
    }
    await open(1);
  });
});

describe('a thread', () => {
  afterEach(() => workspace.close());

  it('goes on after calls that change nothing [DML-EXE-2402]', async () => {
    const threadOf = 'export const thread = (i: number) => threadId;';
    await open(1, `${steps}import { threadId } from 'node:worker_threads';\n${threadOf}`);
    const first = await run.outcome(run.call('thread', [0]));
    for (const [i, name] of ['echo', 'uses', 'overflowCaught', 'badStream', 'look'].entries())
      await run.outcome(run.call(name, [i + 1]));
    expect(await run.outcome(run.call('thread', [1]))).toBe(first);
    await run.outcome(run.call('change', ['global', 1]));
    expect(await run.outcome(run.call('thread', [2]))).not.toBe(first);
  });
});
