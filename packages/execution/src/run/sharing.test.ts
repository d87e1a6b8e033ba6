import { Readable } from 'node:stream';
import type { ExecId } from '@daggerml/object-model';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keyOf, Workspace } from '../../test/workspace.ts';
import type { Submission } from '../adapters/port.ts';
import { MemoryClaimStore } from '../testing/memory-claim-store.ts';
import { MemorySharedCache } from '../testing/memory-shared-cache.ts';
import type { RunNode } from './run-node.ts';

const functions = {
  half: (n: number) => n / 2,
  list: (n: number) => Array.from({ length: n }, (_, index) => `entry ${index}`),
  fail: () => {
    throw new Error('no');
  },
};

/** Creates a repository whose runs share what the others of the test share; it may answer when it is asked to. */
async function party(isHeld = false): Promise<Workspace> {
  const options = { sharing: { cache, claims, claimAfterMs: 0 } };
  const workspace = isHeld ? await Workspace.held(options) : await Workspace.memory({ functions }, options);
  parties.push(workspace);
  return workspace;
}

const two = async (isHeld = false) => [await party(isHeld), await party(isHeld)] as const;

/** Returns what a run reports about failures of what is shared. */
const failuresOf = ({ events }: Workspace): string[] =>
  events.flatMap((event) => (event.type === 'sharing-failed' ? [`${event.operation}: ${event.reason}`] : []));

let cache: MemorySharedCache;
let claims: MemoryClaimStore | undefined;
let nowMs = 0;
const parties: Workspace[] = [];
beforeEach(() => {
  cache = new MemorySharedCache();
  claims = undefined;
  nowMs = 0;
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const workspace of parties.splice(0)) await workspace.close();
});

function useClaims(leaseMs: number): MemoryClaimStore {
  claims = new MemoryClaimStore({ leaseMs, nowMs: () => nowMs });
  return claims;
}

/** Resolves once something holds, in a later turn. */
async function until(holds: () => boolean): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (!holds());
}

/** Answers the submission that a party has held for longest. */
async function answer({ held: adapter }: Workspace, value: unknown): Promise<void> {
  await until(() => adapter.held.length > 0);
  adapter.end(value, adapter.held.shift());
}

/** Runs one call to its end and returns the node. */
async function done(at: Workspace, name: string, input: unknown): Promise<RunNode> {
  const run = at.begin();
  const node = run.ask(name, [input]);
  await run.outcome(node);
  await run.open.close();
  return node;
}

describe('a call that a function waits for', () => {
  it('is looked up and not claimed [DML-EXE-3852]', async () => {
    const store = useClaims(1000);
    const [one, other] = await two(true);
    // The other one has claimed what the function of this one is about to wait for, and holds it.
    other.begin().ask('half', [20]);
    await until(() => other.held.held.length > 0);
    const run = one.begin();
    run.ask('half', [10]);
    await until(() => one.held.held.length > 0);
    const claim = vi.spyOn(store, 'claim');
    one.held.nest(20, one.held.held[0] as Submission);
    await until(() => one.held.held.length > 1);
    expect(claim).not.toHaveBeenCalled();
    await answer(other, 'published');
    one.held.end('own');
    await until(() => one.held.nestedAnswers.length > 0);
    expect(one.held.nestedAnswers).toEqual(['value']);
  });
});

describe('a call that another repository has run', () => {
  it('is answered from the shared cache, and everything below its exec is here', async () => {
    const [one, other] = await two();
    const published = await done(one, 'list', 700);
    const run = other.begin();
    const node = run.ask('list', [700]);
    expect(await run.outcome(node)).toEqual(functions.list(700));
    expect([node.execId, run.counts, other.adapter.asked]).toEqual([published.execId, { cached: 1 }, []]);
    expect(other.dangling(node.execId as ExecId)).toEqual([]);
    expect(other.store.cacheEntries(keyOf(node))).toEqual([node.execId]);
    await run.open.close();
    expect(cache.published).toHaveLength(1);
  });

  it('fails as it failed there, and runs when a failure is to be retried', async () => {
    const [one, other] = await two();
    await done(one, 'fail', 1);
    const run = other.begin();
    expect(await run.outcome(run.ask('fail', [1]))).toMatchObject({ code: 'function_threw' });
    expect(other.adapter.asked).toEqual([]);
    await run.open.close();
    const third = await party();
    const retrying = third.begin();
    await retrying.outcome(retrying.ask('fail', [1], { retryFailed: true }));
    expect(third.adapter.asked).toHaveLength(1);
  });

  const damages: readonly (readonly [string, string, (bytes: Uint8Array) => Uint8Array[]])[] = [
    ['DML-EXE-0714', 'is missing', () => []],
    ['DML-EXE-0715', 'lost a byte', (bytes) => [bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte))]],
  ];
  for (const [id, what, tampered] of damages) {
    it(`runs when any object of the outcome ${what} [${id}]`, async () => {
      const [one, other] = await two();
      const inputs = Array.from({ length: 16 }, (_, index) => 400 + index);
      for (const input of inputs) await done(one, 'list', input);
      const run = other.begin();
      const outcomes: string[] = [];
      for (const [index, input] of inputs.entries()) {
        let isHere = true;
        cache.tamper = (objects) =>
          objects.flatMap((object, at) => {
            if (at !== index) return [object];
            isHere = run.open.objects.hasBytes(object.objectClass, object.objectId);
            return tampered(object.bytes).map((bytes) => ({ ...object, bytes }));
          });
        const asked = other.adapter.asked.length;
        const node = run.ask('list', [input]);
        expect(await run.outcome(node)).toEqual(functions.list(input));
        expect([index, other.adapter.asked.length - asked]).toEqual([index, isHere ? 0 : 1]);
        outcomes.push(isHere ? 'taken' : 'run');
        expect(other.dangling(node.execId as ExecId)).toEqual([]);
      }
      expect(outcomes.filter((outcome) => outcome === 'run').length).toBeGreaterThan(3);
      expect(outcomes).toContain('taken');
    });
  }

  it('runs when the answer is about something else or was made from another exec [DML-EXE-2367]', async () => {
    const [one, other] = await two();
    const [half, list] = [await done(one, 'half', 2), await done(one, 'list', 3)];
    const run = other.begin();
    const [wrongInput, wrongFunction] = [run.ask('half', [3]), run.ask('half', [5])];
    cache.forge(keyOf(half), keyOf(wrongInput));
    cache.forge(keyOf(list), keyOf(wrongFunction));
    expect(await run.outcome(wrongInput)).toBe(1.5);
    expect(await run.outcome(wrongFunction)).toBe(2.5);
    expect(run.counts).toEqual({ executed: 2 });
    const again = one.begin({ workName: 'again' });
    const derived = again.ask('half', [again.ask('half', [4])]);
    await again.outcome(derived);
    const execId = derived.execId as ExecId;
    expect(again.open.objects.read('exec', execId)).not.toMatchObject({ sourceExecId: null });
    const executionKey = keyOf(derived);
    await new Promise((resolve) => setImmediate(resolve));
    cache = new MemorySharedCache();
    const third = await party();
    const publication = { executionKey, execId, status: 'ok', fencing: undefined } as const;
    await cache.publish([publication], again.open.objects);
    const fresh = third.begin();
    expect(await fresh.outcome(fresh.ask('half', [2]))).toBe(1);
    expect(third.adapter.asked).toHaveLength(1);
  });
});

describe('a run with a shared cache', () => {
  it('asks about what neither pins nor its own repository answer, and nothing else [DML-EXE-2364]', async () => {
    const own = await party();
    const node = await done(own, 'half', 6);
    expect(cache.asked).toEqual([[keyOf(node)]]);
    for (const workName of ['test', 'other work']) {
      const run = own.begin({ workName });
      expect(await run.outcome(run.ask('half', [6]))).toBe(3);
      expect(run.counts).toEqual({ cached: 1 });
    }
    expect(cache.asked).toHaveLength(1);
  });

  it('asks together about the calls of one turn [DML-EXE-2360]', async () => {
    const run = (await party()).begin();
    const nodes = Array.from({ length: 50 }, (_, index) => run.ask('half', [index]));
    for (const node of nodes) await run.outcome(node);
    expect(cache.asked).toEqual([nodes.map(keyOf)]);
  });

  it('does not ask about a call that is not to be cached [DML-EXE-2366]', async () => {
    const [one, other] = await two();
    await done(one, 'half', 6);
    const run = other.begin();
    expect(await run.outcome(run.ask('half', [6], { cache: false }))).toBe(3);
    expect([cache.asked.length, run.counts]).toEqual([1, { executed: 1 }]);
  });

  it('publishes what it ran, once it is kept [DML-EXE-2362]', async () => {
    const own = await party();
    const run = own.begin();
    const nodes = [run.ask('half', [2]), run.ask('fail', [3])];
    const isKept: boolean[] = [];
    const publish = cache.publish.bind(cache);
    cache.publish = (publications, source) => {
      const pins = run.open.index.scope();
      for (const { execId } of publications)
        isKept.push(nodes.some(({ nodeId }) => pins.getPin(nodeId) === execId));
      return publish(publications, source);
    };
    for (const node of nodes) await run.outcome(node);
    const cached = run.ask('half', [run.ask('half', [4])]);
    await run.outcome(cached);
    await run.open.close();
    const four = cache.published.find(({ execId }) => !nodes.some((node) => node.execId === execId));
    expect(cache.published.map(({ status }) => status).sort()).toEqual(['error', 'ok', 'ok']);
    for (const node of nodes)
      expect(cache.published).toContainEqual({
        executionKey: keyOf(node),
        execId: node.execId,
        status: node.status,
        fencing: undefined,
      });
    expect(isKept.filter(Boolean)).toHaveLength(2);
    expect(four?.execId).not.toBe(cached.execId);
  });

  for (const operation of ['lookUp', 'publish', 'claim', 'renew', 'release'] as const) {
    it(`reports once that it cannot ${operation}, and goes on alone [DML-EXE-2365]`, async () => {
      const port = operation === 'lookUp' || operation === 'publish' ? cache : useClaims(2);
      claims ??= new MemoryClaimStore({ leaseMs: 2 });
      const own = await party(true);
      let asked = 0;
      Object.assign(port, {
        [operation]: () => {
          asked += 1;
          const failed = Promise.reject(new Error('no network'));
          return operation === 'lookUp' ? Readable.from([failed]) : failed;
        },
      });
      const run = own.begin();
      const first = run.ask('half', [2]);
      if (operation === 'renew') await until(() => asked > 0);
      await answer(own, 1);
      expect(await run.outcome(first)).toBe(1);
      await until(() => asked > 0);
      const questions = cache.asked.length;
      const claimed = claims.log.filter((each) => each === 'claimed').length;
      const later = run.ask('half', [4]);
      await answer(own, 2);
      expect(await run.outcome(later)).toBe(2);
      await run.open.close();
      const name = operation === 'lookUp' ? 'look-up' : operation;
      // What could not be published is tried once more at the end.
      expect([failuresOf(own), asked]).toEqual([[`${name}: no network`], operation === 'publish' ? 2 : 1]);
      expect(cache.asked).toHaveLength(questions);
      expect(claims.log.filter((each) => each === 'claimed')).toHaveLength(claimed);
      expect(run.counts).toEqual({ executed: 2 });
    });
  }

  it('reports once that both the cache and the claims fail [DML-EXE-2365]', async () => {
    const store = useClaims(60_000);
    const own = await party(true);
    const run = own.begin();
    const node = run.ask('half', [2]);
    await until(() => own.held.held.length === 1);
    cache.failure = 'no network';
    store.failure = 'no network either';
    await answer(own, 1);
    expect(await run.outcome(node)).toBe(1);
    await run.open.close();
    expect(cache.published.map(({ execId }) => execId)).toEqual([node.execId, node.execId]);
    expect(store.keys).toHaveLength(1);
    expect(failuresOf(own)).toEqual(['publish: no network']);
  });

  /** Holds back timers of whole minutes, each of which runs when it is called. */
  function heldPauses(): { readonly minutes: number; readonly end: () => void }[] {
    const pauses: { minutes: number; end: () => void }[] = [];
    const { setTimeout: real } = globalThis;
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((end: () => void, ms?: number) => {
      const timer = real(ms !== undefined && ms % 60_000 === 0 && ms > 0 ? () => {} : end, ms);
      if (ms !== undefined && ms % 60_000 === 0 && ms > 0) pauses.push({ minutes: ms / 60_000, end });
      return timer;
    }) as typeof setTimeout);
    return pauses;
  }

  it('are asked again after a minute, and after twice as long for each further failure [DML-EXE-2795]', async () => {
    const pauses = heldPauses();
    const own = await party();
    const run = own.begin();
    const lookUp = vi.spyOn(cache, 'lookUp');
    const fail = () => Readable.from([Promise.reject(new Error('no network'))]);
    let input = 0;
    /** Runs a call, and returns how often the cache was asked for it. */
    const asked = async (): Promise<number> => {
      const before = lookUp.mock.calls.length;
      input += 2;
      await run.outcome(run.ask('half', [input]));
      return lookUp.mock.calls.length - before;
    };
    const failAndWait = async (minutes: number): Promise<void> => {
      lookUp.mockImplementationOnce(fail as unknown as typeof cache.lookUp);
      expect([await asked(), await asked()]).toEqual([1, 0]);
      expect(pauses.map((pause) => pause.minutes)).toEqual([minutes]);
      pauses.pop()?.end();
    };
    // Nothing else is to show that the remote answers again.
    const settle: (() => void)[] = [];
    vi.spyOn(cache, 'publish').mockImplementation(() => new Promise((resolve) => settle.push(resolve)));
    for (const minutes of [1, 2, 4, 8, 16, 16]) await failAndWait(minutes);
    expect(failuresOf(own)).toEqual(['look-up: no network']);
    for (const resolve of settle.splice(0)) resolve();
    // One that answers is trusted again.
    expect(await asked()).toBe(1);
    await failAndWait(1);
    vi.restoreAllMocks();
    for (const resolve of settle) resolve();
    await run.open.close();
  });

  it('are given later what could not be published, at the end at the latest [DML-EXE-2796]', async () => {
    const pauses = heldPauses();
    const own = await party();
    const run = own.begin();
    const publish = vi.spyOn(cache, 'publish').mockRejectedValueOnce(new Error('no network'));
    const nodes = [2, 4, 6].map((input) => run.ask('half', [input]));
    for (const node of nodes) await run.outcome(node);
    await until(() => failuresOf(own).length > 0);
    const early = run.ask('half', [8]);
    await run.outcome(early);
    await until(() => pauses.length > 0);
    expect(cache.published).toEqual([]);
    pauses.pop()?.end();
    await until(() => cache.published.length > 0);
    const ids = (some: readonly RunNode[]) => some.map(({ execId }) => execId).sort();
    expect(cache.published.map(({ execId }) => execId).sort()).toEqual(ids([...nodes, early]));
    publish.mockRejectedValueOnce(new Error('no network'));
    const last = run.ask('half', [10]);
    await run.outcome(last);
    await run.open.close();
    expect(cache.published.map(({ execId }) => execId).sort()).toEqual(ids([...nodes, early, last]));
    expect(failuresOf(own)).toEqual(['publish: no network']);
  });

  it('are not waited for at the end of a run that they never answered [DML-EXE-2796]', async () => {
    heldPauses();
    const own = await party();
    const run = own.begin();
    const publish = vi.spyOn(cache, 'publish');
    vi.spyOn(cache, 'lookUp').mockImplementation((() =>
      Readable.from([Promise.reject(new Error('no network'))])) as unknown as typeof cache.lookUp);
    await run.outcome(run.ask('half', [2]));
    await run.open.close();
    expect([publish.mock.calls, failuresOf(own)]).toEqual([[], ['look-up: no network']]);
  });
});

describe('a call that is claimed', () => {
  it('runs once for two repositories that ask at the same time', async () => {
    const store = useClaims(60_000);
    const [one, other] = await two(true);
    const runs = [one.begin(), other.begin()] as const;
    const nodes = runs.map((run) => run.ask('half', [6]));
    await until(() => store.log.includes('refused'));
    expect(one.held.held.length + other.held.held.length).toBe(1);
    await answer(one.held.held.length === 1 ? one : other, 'made once');
    for (const [index, run] of runs.entries())
      expect(await run.outcome(nodes[index] as RunNode)).toBe('made once');
    expect([one.held.held, other.held.held]).toEqual([[], []]);
    for (const run of runs) await run.open.close();
    expect([store.keys, cache.published.length]).toEqual([[], 1]);
  });

  it('says for whose claim it waits, once for each owner in a row [DML-EXE-2822]', async () => {
    const store = useClaims(60_000);
    const [ours, theirs] = await two(true);
    store.owner = 'ada';
    const first = ours.begin();
    first.ask('half', [8]);
    await until(() => ours.held.held.length === 1);
    const second = theirs.begin();
    const node = second.ask('half', [8]);
    const waits = (): unknown[] =>
      theirs.events.flatMap((event) => (event.type === 'call-waiting' ? [[event.nodeId, event.owner]] : []));
    const refusals = (count: number): Promise<void> =>
      until(() => store.log.filter((entry) => entry === 'refused').length >= count);
    await refusals(3);
    expect(waits()).toEqual([[node.nodeId, 'ada']]);
    store.owner = 'ben';
    await refusals(8);
    expect(waits()).toEqual([
      [node.nodeId, 'ada'],
      [node.nodeId, 'ben'],
    ]);
    // Of nobody it is not said.
    store.owner = undefined;
    await refusals(11);
    await answer(ours, 4);
    await first.open.close();
    await second.outcome(node);
    await second.open.close();
    expect(waits()).toHaveLength(2);
  });

  it('keeps its claim until its exec is published [DML-EXE-2361]', async () => {
    const { log } = useClaims(60_000);
    const own = await party();
    const publish = cache.publish.bind(cache);
    cache.publish = async (publications, source) => {
      for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
      await publish(publications, source);
      log.push(`published under ${publications[0]?.fencing}`);
    };
    await done(own, 'half', 6);
    expect(log).toEqual(['claimed', 'published under 1', 'released']);
  });

  it('gives up its claim when it is cancelled, and leaves the claims of others alone', async () => {
    const store = useClaims(60_000);
    const [owner, follower] = await two(true);
    const run = owner.begin();
    const node = run.ask('half', [6]);
    await until(() => owner.held.held.length === 1);
    const following = follower.begin();
    const waiting = following.ask('half', [6]);
    await until(() => store.log.includes('refused'));
    following.open.cancel('enough');
    expect(await following.outcome(waiting)).toMatchObject({ code: 'cancelled' });
    await following.open.close();
    expect([store.keys, store.log.includes('released')]).toEqual([[keyOf(node)], false]);
    run.open.cancel('enough');
    await run.open.close();
    expect([store.keys, cache.published]).toEqual([[], []]);
  });

  it('is taken over when whoever claimed it lets the lease pass', async () => {
    const store = useClaims(1000);
    const own = await party();
    const gone = await done(own, 'half', 6);
    cache = new MemorySharedCache();
    await store.claim(keyOf(gone));
    const other = await party();
    const run = other.begin();
    const node = run.ask('half', [6]);
    await until(() => store.log.includes('refused'));
    expect(other.adapter.asked).toEqual([]);
    nowMs = 1001;
    expect(await run.outcome(node)).toBe(3);
    expect(other.adapter.asked).toHaveLength(1);
  });

  it('has its lease renewed before two thirds of it have passed, each time [DML-EXE-1508]', async () => {
    const leaseMs = 900_000;
    const { log } = useClaims(leaseMs);
    const delays: number[] = [];
    const { setTimeout: later } = globalThis;
    // What would take minutes happens at once.
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((act: () => void, delay = 0) => {
      if (delay <= 100_000) return later(act, delay);
      delays.push(delay);
      return later(act, 1);
    }) as typeof setTimeout);
    const own = await party(true);
    const run = own.begin();
    const node = run.ask('half', [6]);
    await until(() => log.filter((each) => each === 'renewed').length >= 3);
    await answer(own, 3);
    expect(await run.outcome(node)).toBe(3);
    await run.open.close();
    expect(log.at(-1)).toBe('released');
    expect(delays.length).toBeGreaterThanOrEqual(3);
    for (const delay of delays) expect(delay).toBeLessThan((leaseMs * 2) / 3);
  });

  it('is not published when somebody else took its claim over [DML-EXE-2363]', async () => {
    const store = useClaims(4);
    const own = await party(true);
    const run = own.begin();
    const node = run.ask('half', [6]);
    await until(() => own.held.held.length === 1);
    nowMs = 1_000_000;
    await store.claim(own.held.held[0]!.executionKey);
    await until(() => store.log.includes('lost'));
    await answer(own, 3);
    expect(await run.outcome(node)).toBe(3);
    await run.open.close();
    expect([cache.published, store.keys]).toEqual([[], [keyOf(node)]]);
  });
});
