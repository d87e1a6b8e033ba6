import type { CommitId, ExecId } from '@daggerml/object-model';
import { seededNumbers } from '@daggerml/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GcWorld, MAIN } from '../../test/gc-world.ts';
import type { TestRun } from '../../test/workspace.ts';
import type { RunNode } from './run-node.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

/** A closed store: `main` at a commit with pins, and the cache index full of execs that only it keeps. */
let template: GcWorld;
let anchor: CommitId;

/** The calls that the template knows: some with results that are objects of their own. */
function knownCalls(run: TestRun): RunNode[] {
  const one = run.ask('sum', [1, 0]);
  const wrapped = run.ask('wrap', [one, 'x']);
  return [one, wrapped, run.ask('wrap', [wrapped]), run.builtin('dml://list/construct', [one, wrapped])];
}

/** The known calls through other nodes, so that pins do not fit but execution keys do, and new calls on them. */
function detour(run: TestRun): RunNode[] {
  const one = run.ask('sum', [run.ask('sum', [0, 1]), 0]);
  const wrapped = run.ask('wrap', [one, 'x']);
  const list = run.builtin('dml://list/construct', [one, wrapped, run.ask('wrap', [wrapped])]);
  return [one, wrapped, list, run.ask('sum', [one, 41]), run.ask('wrap', [list, 'new'])];
}

beforeAll(async () => {
  template = await GcWorld.open();
  const first = template.begin('first');
  const nodes = [...knownCalls(first), first.ask('random', [7])];
  await first.open.run.idle();
  expect(nodes.map((node) => node.status)).toEqual(nodes.map(() => 'ok'));
  template.moveRef(MAIN, template.store.getRef(first.open.index.ref)?.commitId as CommitId);
  const other = template.begin('anchor');
  other.ask('sum', [1000, 1000]);
  await other.open.run.idle();
  anchor = template.store.getRef(other.open.index.ref)?.commitId as CommitId;
  template.moveRef('refs/heads/anchor' as never, anchor);
  template.pruneIndexRefs();
  expect(await template.holes()).toEqual([]);
  await template.shut('copies');
});
afterAll(() => template.remove());

interface Seen {
  readonly values: unknown[];
  readonly ran: readonly string[];
  readonly accesses: number;
  /** Accesses until the run had begun. */
  readonly begun: number;
  readonly holes: unknown[];
}

/**
 * Runs calls in a copy of the template while another process moves `main` away, prunes and collects garbage:
 * it begins at the access `from` and goes on with `stepsPerAccess` steps at each later one.
 */
async function beside(
  calls: (run: TestRun) => RunNode[],
  { base, from, stepsPerAccess }: { base: boolean; from: number; stepsPerAccess: number },
): Promise<Seen> {
  const world = await GcWorld.open(template);
  let accesses = 0;
  let collection: Generator | undefined;
  world.watch(() => {
    accesses += 1;
    if (accesses === from) {
      world.moveRef(MAIN, anchor);
      world.pruneIndexRefs();
      collection = world.collect();
    }
    for (let step = 0; collection && step < stepsPerAccess; step += 1)
      if (collection.next().done) collection = undefined;
  });
  try {
    const run = world.begin('beside', base ? MAIN : undefined);
    const begun = accesses;
    const nodes = calls(run);
    await run.open.run.idle();
    for (const _ of collection ?? []) void _;
    const values = nodes.map((node) => run.value(node));
    return { values, ran: world.ran, accesses, begun, holes: await world.holes() };
  } finally {
    await world.shut();
  }
}

const text = 'a text that is longer than what stands in a page'.repeat(5);
const wrapped = [1, 'x', text];
const detourList = [1, wrapped, [wrapped, text]];
const detourValues = [1, wrapped, detourList, 42, [detourList, 'new', text]];

describe('a run beside garbage collection', () => {
  it('answers from pins that it holds, whenever the head moves and all else goes [DML-EXE-0719]', async () => {
    const calls = (run: TestRun): RunNode[] => [...knownCalls(run), run.ask('sum', [knownCalls(run)[0], 5])];
    const expected = [1, wrapped, [wrapped, text], [1, wrapped], 6];
    const calm = await beside(calls, { base: true, from: 0, stepsPerAccess: 0 });
    expect([calm.values, calm.ran]).toEqual([expected, ['sum']]);
    for (let from = calm.begun + 1; from <= calm.accesses; from += 1) {
      const seen = await beside(calls, { base: true, from, stepsPerAccess: 1000 });
      expect([from, seen.values, seen.ran, seen.holes]).toEqual([from, expected, ['sum'], []]);
    }
  });

  it('decides anew what it concluded from an exec that went before it was kept [DML-EXE-0718]', async () => {
    const calm = await beside(detour, { base: false, from: 0, stepsPerAccess: 0 });
    expect(calm.values).toEqual(detourValues);
    let lost = 0;
    for (let from = 1; from <= calm.accesses; from += 1) {
      const seen = await beside(detour, { base: false, from, stepsPerAccess: 1000 });
      expect([from, seen.values, seen.holes]).toEqual([from, detourValues, []]);
      if (seen.ran.length > calm.ran.length) lost += 1;
    }
    expect(calm.ran).toEqual(['sum', 'sum', 'wrap']);
    expect(lost).toBeGreaterThan(5);
  });

  it('keeps what it was answered with, in any interleaving with the steps of a collection [DML-EXE-0722]', async () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      const next = seededNumbers(seed);
      const how = { base: next(2) === 1, from: 1 + next(60), stepsPerAccess: 1 + next(4) };
      const seen = await beside(detour, how);
      expect([seed, seen.values, seen.holes]).toEqual([seed, detourValues, []]);
    }
  });

  it('holds a cached exec before a call runs on its value, and when the Caller learns of it [DML-EXE-0720]', async () => {
    const world = await GcWorld.open(template);
    const run = world.begin('holding');
    const known = knownCalls(run)[1] as RunNode;
    let collections = 0;
    world.onCall = () => {
      world.moveRef(MAIN, anchor);
      world.collectAll();
      collections += 1;
      expect(world.store.has('exec', known.execId as ExecId)).toBe(true);
    };
    const further = run.ask('wrap', [known, 'further']);
    await run.open.run.settled(known);
    world.collectAll();
    expect([run.value(known), world.ran]).toEqual([wrapped, ['wrap']]);
    await run.open.run.settled(further);
    expect([run.value(further), collections, await world.holes()]).toEqual([
      [wrapped, 'further', text],
      1,
      [],
    ]);
    await world.shut();
  });

  it('lets go of what a run came to when the next one begins, not before [DML-EXE-0721]', async () => {
    const world = await GcWorld.open(template);
    const run = world.begin('before');
    const node = run.ask('wrap', ['of no further use']);
    await run.open.run.idle();
    await run.open.close();
    world.collectAll();
    expect(run.value(node)).toEqual(['of no further use', text]);
    await world.begin('after').open.close();
    world.collectAll();
    expect(world.store.has('exec', node.execId as ExecId)).toBe(false);
    await world.shut();
  });

  it('takes a cached exec whose result cannot be read for a miss [DML-EXE-0717]', async () => {
    const world = await GcWorld.open(template);
    const first = world.begin('first', MAIN);
    const [, before] = knownCalls(first) as [RunNode, RunNode];
    const datumId = first.open.run.valueOf(before);
    await first.open.close();
    world.store.transact('damage', (transaction) => {
      transaction.deleteRow('objects', Buffer.from(`02${datumId}`, 'hex'));
    });
    const second = world.begin('second');
    const nodes = knownCalls(second);
    await second.open.run.idle();
    expect([second.value(nodes[1] as RunNode), world.ran]).toEqual([wrapped, ['wrap']]);
    await world.shut();
  });
});
