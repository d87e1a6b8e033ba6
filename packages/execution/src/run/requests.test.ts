import { nodeEnvironment, type StoreEnvironment } from '@daggerml/store';
import { afterTests } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { HeldAdapter } from '../../test/held-adapter.ts';
import { type TestRun, Workspace } from '../../test/workspace.ts';
import type { AdapterContext, AdapterTraits, Poll, Submission } from '../adapters/port.ts';
import { runIndexRef } from '../cache/run-index.ts';

/** However slow the machine is. */
const eventually = <T>(get: () => T) => expect.poll(get, { timeout: 50_000 });

const steps = `
export const work = (n: number) => n;
export const more = (n: number) => n;
`;

/** An adapter whose jobs go on elsewhere. */
class RemoteAdapter extends HeldAdapter {
  readonly submitted: Submission[] = [];
  readonly polled: Poll[] = [];

  traitsOf(): AdapterTraits {
    return { outlives: true };
  }

  override submit(submissions: readonly Submission[]): void {
    this.submitted.push(...submissions);
    super.submit(submissions);
  }

  override poll(polls: readonly Poll[]): void {
    this.polled.push(...polls);
  }

  pending(token: string, { nodeId }: Pick<Submission, 'nodeId'>): void {
    this.answer({ type: 'pending', token, pollAfterMs: 0 }, { nodeId });
  }
}

/** A workspace whose process can be made to end at once: the store fails, so nothing more is written. */
class RemoteWorld {
  readonly workspace: Workspace;
  adapter!: RemoteAdapter;
  #fails = false;

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  static async create(): Promise<RemoteWorld> {
    const world = new RemoteWorld(new Workspace());
    afterTests('test', () => world.workspace.close());
    world.workspace.write(steps);
    await world.restart();
    return world;
  }

  async restart(): Promise<void> {
    const environment: StoreEnvironment = nodeEnvironment({
      failpoint: () => {
        if (this.#fails) throw new Error('the process ends here');
      },
    });
    this.#fails = true;
    const startAdapter = (context: AdapterContext): RemoteAdapter => {
      this.adapter = new RemoteAdapter(context);
      return this.adapter;
    };
    const { workspace } = this;
    await workspace.executor?.close();
    this.#fails = false;
    await workspace.reopen({ startAdapter, pollPauses: { baseMs: 1, maxMs: 1 } }, { environment });
  }

  /** Ends the run as a kill would. */
  async crash(run: TestRun): Promise<void> {
    this.#fails = true;
    expect(() => this.workspace.store.transact('last', () => {})).toThrow();
    await run.open.close();
    await this.restart();
  }

  /** Requests of the IndexRef's commit, by node. */
  requests(): ReadonlyMap<string, string> {
    const { store } = this.workspace;
    const commitId = store.getRef(runIndexRef('test'))?.commitId;
    const commit = commitId && store.getRecord('commit', commitId);
    return new Map((commit?.requests ?? []) as unknown as [string, string][]);
  }

  uuidOf(requestId: string | undefined): string | undefined {
    return this.workspace.store.getRecord('exec-request', requestId as never)?.executionUuid;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a call that goes to an adapter whose jobs outlive the process', () => {
  it('has an exec-request under the IndexRef before it is submitted [DML-EXE-1201]', async () => {
    const world = await RemoteWorld.create();
    const run = world.workspace.begin();
    const { adapter } = world;
    const seen: unknown[] = [];
    const { submit } = RemoteAdapter.prototype;
    adapter.submit = (submissions) => {
      for (const { nodeId, executionUuid } of submissions)
        seen.push([
          executionUuid,
          world.uuidOf(world.requests().get(nodeId)),
          world.workspace.store.getAttempt(executionUuid as string)?.state,
        ]);
      submit.call(adapter, submissions);
    };
    run.call('work', [1]);
    run.call('work', [2]);
    await turn();
    const [first, second] = adapter.submitted.map(({ executionUuid }) => executionUuid);
    expect(first).not.toBe(second);
    expect(seen).toEqual([first, second].map((uuid) => [uuid, uuid, 'submitted']));
    await run.open.close();
  });

  it('has its newest token in the store before it is polled with it [DML-EXE-0609]', async () => {
    const world = await RemoteWorld.create();
    const run = world.workspace.begin();
    const { adapter } = world;
    run.call('work', [1]);
    await turn();
    const [submission] = adapter.submitted as [Submission];
    const saved: unknown[] = [];
    adapter.poll = (polls) => {
      for (const { token, executionUuid } of polls)
        saved.push([token, world.workspace.store.getAttempt(executionUuid as string)?.token]);
      if (saved.length < 3) adapter.pending(`token ${saved.length}`, submission);
    };
    adapter.pending('token 0', submission);
    await eventually(() => saved.length).toBe(3);
    expect(saved).toEqual([0, 1, 2].map((count) => [`token ${count}`, `token ${count}`]));
    await run.open.close();
  });

  it('goes on in the next run with its newest token, under the same UUID [DML-EXE-1202]', async () => {
    const world = await RemoteWorld.create();
    const run = world.workspace.begin();
    run.call('work', [1]);
    run.call('more', [1]);
    await turn();
    const [pending, submitted] = world.adapter.submitted as [Submission, Submission];
    const { adapter: first } = world;
    first.pending('t1', pending);
    await eventually(() => first.polled.length).toBe(1);
    await world.crash(run);
    const next = world.workspace.begin();
    const nodes = [next.call('work', [1]), next.call('more', [1])];
    await turn();
    const { adapter } = world;
    expect(adapter.polled).toEqual([
      {
        nodeId: pending.nodeId,
        functionUri: pending.functionUri,
        token: 't1',
        executionUuid: pending.executionUuid,
      },
    ]);
    expect(adapter.submitted.map(({ nodeId, executionUuid }) => [nodeId, executionUuid])).toEqual([
      [submitted.nodeId, submitted.executionUuid],
    ]);
    adapter.end('of the first', pending);
    adapter.end('of the second', submitted);
    expect(await Promise.all(nodes.map((node) => next.outcome(node)))).toEqual([
      'of the first',
      'of the second',
    ]);
    expect(world.workspace.store.readAttempts()).toEqual([]);
  });

  it('has started when it was submitted, whichever process that did [DML-EXE-3227]', async () => {
    const world = await RemoteWorld.create();
    const run = world.workspace.begin();
    const beforeMs = Date.now();
    run.call('work', [1]);
    await turn();
    const afterMs = Date.now();
    const { adapter: first } = world;
    const [submission] = first.submitted as [Submission];
    first.pending('t1', submission);
    await expect.poll(() => first.polled.length).toBe(1);
    await world.crash(run);
    const next = world.workspace.begin();
    const node = next.call('work', [1]);
    await turn();
    world.adapter.end('done', submission);
    expect(await next.outcome(node)).toBe('done');
    const { startedMs } = next.exec(node);
    expect(startedMs).toBeGreaterThanOrEqual(beforeMs);
    expect(startedMs).toBeLessThanOrEqual(afterMs);
  });

  it('has another UUID when a new attempt is asked for [DML-EXE-1203]', async () => {
    const world = await RemoteWorld.create();
    const run = world.workspace.begin();
    run.call('work', [1]);
    await turn();
    const [first] = world.adapter.submitted as [Submission];
    await world.crash(run);
    const next = world.workspace.begin();
    next.call('work', [1], { cache: false });
    await turn();
    const [second] = world.adapter.submitted as [Submission];
    expect(second.nodeId).toBe(first.nodeId);
    expect(second.executionUuid).not.toBe(first.executionUuid);
    await next.open.close();
  });

  it('keeps its UUID until the backend says that the job has ended [DML-EXE-1204]', async () => {
    const world = await RemoteWorld.create();
    const run = world.workspace.begin();
    const node = run.call('work', [1], { retries: 5 });
    await turn();
    const { adapter } = world;
    const lost = { type: 'failed', isRetryable: true, code: 'unreachable', reason: 'no answer' } as const;
    for (const [count, hasEnded] of [
      [2, undefined],
      [3, false],
      [4, true],
    ] as const) {
      adapter.answer({ ...lost, hasEnded }, adapter.submitted.at(-1) as Submission);
      await eventually(() => adapter.submitted.length).toBe(count);
    }
    const uuids = adapter.submitted.map(({ executionUuid }) => executionUuid);
    expect(new Set(uuids.slice(0, 3)).size).toBe(1);
    expect(uuids[3]).not.toBe(uuids[0]);
    const rows = world.workspace.store.readAttempts();
    expect(rows.map(({ executionUuid, tries }) => [executionUuid, tries])).toEqual([[uuids[3], 1]]);
    adapter.end('made', adapter.submitted[3] as Submission);
    expect(await run.outcome(node)).toBe('made');
  });

  it('has its exec link the request that led to it [DML-EXE-1205]', async () => {
    const world = await RemoteWorld.create();
    const run = world.workspace.begin();
    const node = run.call('work', [1]);
    await turn();
    const { adapter } = world;
    const [submission] = adapter.submitted as [Submission];
    adapter.end('made', submission);
    await run.outcome(node);
    const exec = world.workspace.store.getRecord('exec', node.execId as never);
    const requestId = exec?.nodeKind === 'call' ? exec.requestId : null;
    expect(world.uuidOf(requestId ?? undefined)).toBe(submission.executionUuid);
  });

  it('is submitted under its UUID when nothing is known but the request [DML-EXE-1206]', async () => {
    const world = await RemoteWorld.create();
    const run = world.workspace.begin();
    run.call('work', [1]);
    await turn();
    const [first] = world.adapter.submitted as [Submission];
    const { adapter: before } = world;
    before.pending('t1', first);
    await eventually(() => before.polled.length).toBe(1);
    await world.crash(run);
    world.workspace.store.transact('lose', (transaction) =>
      transaction.deleteAttempt(first.executionUuid as string),
    );
    const next = world.workspace.begin();
    next.call('work', [1]);
    await turn();
    const { adapter } = world;
    expect(adapter.polled).toEqual([]);
    expect(adapter.submitted.map(({ executionUuid }) => executionUuid)).toEqual([first.executionUuid]);
    await next.open.close();
  });

  it('has no row any more as soon as its exec is pinned [DML-EXE-1207]', async () => {
    const world = await RemoteWorld.create();
    const run = world.workspace.begin();
    const nodes = [run.call('work', [1]), run.call('work', [2])];
    await turn();
    const { adapter, workspace } = world;
    const [first, second] = adapter.submitted as [Submission, Submission];
    const version = workspace.store.stateVersion();
    adapter.end('made', first);
    expect(workspace.store.readAttempts()).toHaveLength(2);
    await run.outcome(nodes[0] as never);
    // One update of the IndexRef, with which the row went.
    expect(workspace.store.stateVersion()).toBe(version + 1);
    expect(workspace.store.readAttempts().map(({ executionUuid }) => executionUuid)).toEqual([
      second.executionUuid,
    ]);
    await run.open.close();
  });

  it('leaves no job to a later run once it is cancelled [DML-EXE-3009]', async () => {
    const world = await RemoteWorld.create();
    const run = world.workspace.begin();
    const node = run.call('work', [1]);
    await turn();
    const { adapter: before } = world;
    const [first] = before.submitted as [Submission];
    before.pending('t1', first);
    await eventually(() => before.polled.length).toBe(1);
    run.open.cancel('enough');
    await run.open.run.settled(node);
    await turn();
    expect(world.workspace.store.readAttempts()).toEqual([]);
    await run.open.close();
    await world.restart();
    const next = world.workspace.begin();
    next.call('work', [1]);
    await turn();
    const { adapter } = world;
    expect(adapter.polled).toEqual([]);
    expect(adapter.submitted).toHaveLength(1);
    expect(adapter.submitted[0]?.executionUuid).not.toBe(first.executionUuid);
    await next.open.close();
  });
});

it('an adapter whose attempts end with the process has no requests and rows [DML-EXE-3010]', async () => {
  const workspace = await Workspace.held();
  afterTests('test', () => workspace.close());
  workspace.write(steps);
  const run = workspace.begin();
  const node = run.call('work', [1]);
  await turn();
  expect(workspace.held.held[0]?.executionUuid).toBeUndefined();
  let polls = 0;
  workspace.held.poll = () => {
    polls += 1;
  };
  workspace.held.answer({ type: 'pending', token: 't', pollAfterMs: 0 }, workspace.held.held[0]);
  await eventually(() => polls).toBe(1);
  expect(workspace.store.readAttempts()).toEqual([]);
  workspace.held.end('made', workspace.held.held[0]);
  expect(await run.outcome(node)).toBe('made');
  const commitId = workspace.store.getRef(runIndexRef('test'))?.commitId;
  expect(workspace.store.getRecord('commit', commitId as never)?.requests).toEqual([]);
  const exec = workspace.store.getRecord('exec', node.execId as never);
  expect(exec?.nodeKind === 'call' && exec.requestId).toBeNull();
});
