import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';

const steps = `
const thrown: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  number: () => 7,
  symbol: () => Symbol('s'),
  object: () => ({ code: 'unsupported_value', message: 'not ours' }),
  circle: () => { const circle: { of?: unknown } = {}; circle.of = circle; return circle; },
  bare: () => Object.create(null),
  surrogate: () => new Error('broken \\ud800'),
  getters: () => ({ get code() { throw new Error('code'); }, toString() { throw new Error('text'); } }),
  proxy: () => new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; }, has() { throw 3; } }),
  stack: () => Object.defineProperty(new Error('strange'), 'stack', { get() { throw new Error('stack'); } }),
  revoked: () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; },
};
export const fail = (kind: string) => { throw thrown[kind]!(); };
export const reject = (kind: string) => Promise.reject(thrown[kind]!());
export const unhandled = (kind: string) => { void Promise.reject(thrown[kind]!()); return new Promise((r) => setTimeout(r, 5000)); };
export const kinds = () => Object.keys(thrown);
export const long = (length: number) => { throw new Error('x'.repeat(length)); };
export const deep = (depth: number): number => { if (depth === 0) throw new Error('deep'); return deep(depth - 1) + 1; };
export const cycle = () => { const list: unknown[] = [1]; list.push({ back: list }); return { list }; };
`;
let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create(steps);
});
afterAll(() => workspace.close());

describe('the failure of a function', () => {
  it('is recorded whatever was thrown, and however [DML-EXE-0916]', async () => {
    const run = workspace.begin();
    const kinds = (await run.outcome(run.call('kinds', []))) as string[];
    expect(kinds.length).toBe(12);
    const nodes = ['fail', 'reject'].flatMap((name) => kinds.map((kind) => run.call(name, [kind])));
    nodes.push(run.call('unhandled', ['null']), run.call('unhandled', ['proxy']));
    for (const node of nodes) {
      expect(await run.outcome(node)).toEqual({
        class: 'deterministic',
        code: 'function_threw',
        message: expect.stringMatching(/^(thrown: |Error: |TypeError: )/),
      });
      expect(workspace.store.has('exec', node.execId!)).toBe(true);
    }
    expect(run.counts).toEqual({ executed: 1, failed: 26 });
  });

  it('says what a thrown object holds [DML-EXE-0925]', async () => {
    const run = workspace.begin();
    const message = '{"code":"unsupported_value","message":"not ours"}';
    expect(await run.outcome(run.call('fail', ['object']))).toMatchObject({ message: `thrown: ${message}` });
    expect(await run.outcome(run.call('fail', ['circle']))).toMatchObject({
      message: 'thrown: [object Object]',
    });
  });

  it('has a message of bounded length [DML-EXE-0914]', async () => {
    const run = workspace.begin();
    const { message } = (await run.outcome(run.call('long', [30_000_000]))) as { message: string };
    expect(message).toBe(`Error: ${'x'.repeat(4089)}`);
  });

  it('has a trace of bounded length [DML-EXE-0915]', async () => {
    const run = workspace.begin();
    const node = run.call('deep', [500]);
    await run.outcome(node);
    const long = run.call('long', [200_000]);
    await run.outcome(long);
    for (const { failure } of [node, long]) {
      expect(failure?.trace.length).toBeGreaterThan(0);
      expect(failure?.trace.length).toBeLessThanOrEqual(20);
      for (const line of failure?.trace ?? []) expect(line.length).toBeLessThanOrEqual(512);
    }
  });

  it('names a returned collection that contains itself', async () => {
    const run = workspace.begin();
    expect(await run.outcome(run.call('cycle', []))).toMatchObject({
      class: 'deterministic',
      code: 'cyclic_value',
    });
  });
});
