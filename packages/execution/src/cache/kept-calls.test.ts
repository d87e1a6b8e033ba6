import { headRef } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { commitCalls, commitExecs, openFixture, putCall } from '../../test/kept-world.ts';
import { keptCalls } from './kept-calls.ts';

describe('the outcomes of calls', () => {
  it('are those of a commit, of the calls that these made, and of no older ones', async () => {
    const store = await openFixture();
    const [old] = commitCalls(store, [{ input: 'old' }]);
    const { inner, outer, next } = store.transact('test', (transaction) => {
      const made = putCall(transaction, { input: 'inner', functionName: 'g' });
      const making = putCall(transaction, { input: 'outer', made: [made] });
      return { inner: made, outer: making, next: commitExecs(transaction, [making]) };
    });
    const found = await keptCalls(store, { commitIds: [next] });
    expect(found.outcomes.slice(0, 10)).toEqual(
      [inner, outer].map(({ key, execId }) => ({
        executionKey: key,
        execId,
        status: 'ok',
        fencing: undefined,
      })),
    );
    expect([found.functionIds.size, found.unwanted, found.absent]).toEqual([2, 0, 0]);
    const all = await keptCalls(store, { commitIds: [next], withHistory: true });
    expect(all.outcomes.slice(0, 10).map(({ execId }) => execId)).toContain(old?.execId);
    const alone = await keptCalls(store, { commitIds: [], execIds: [inner.execId] });
    expect(alone.outcomes.slice(0, 10).map(({ execId }) => execId)).toEqual([inner.execId]);
    const wanted = await keptCalls(store, { commitIds: [next] }, { isWanted: (key) => key === outer.key });
    expect([wanted.outcomes.length, wanted.unwanted]).toEqual([1, 1]);
  });

  it('are one for each key, a success before a failure, and those that others were derived from', async () => {
    const store = await openFixture();
    const [failed] = commitCalls(store, [{ input: 'a', status: 'error', value: 'no' }]);
    const [first] = commitCalls(store, [{ input: 'a' }]);
    commitCalls(store, [{ input: 'a', value: 'other' }]);
    const [source] = commitCalls(store, [{ input: 'b' }], 'other');
    const [derived] = commitCalls(store, [
      { input: 'b', sourceExecId: source?.execId as NonNullable<typeof source>['execId'] },
    ]);
    const commitIds = [store.getRef(headRef('main'))?.commitId as never];
    const { outcomes } = await keptCalls(store, { commitIds, withHistory: true });
    expect(outcomes.length).toBe(2);
    const execIds = outcomes.slice(0, 2).map(({ execId }) => execId);
    expect(execIds).toContain(source?.execId);
    expect(execIds).not.toContain(derived?.execId);
    expect(execIds).not.toContain(failed?.execId);
    expect(first?.key).toBe(failed?.key);
    expect(outcomes.slice(0, 2).map(({ status }) => status)).toEqual(['ok', 'ok']);
    expect(outcomes.slice(1, 2)).toHaveLength(1);
    expect(outcomes.slice(2, 9)).toEqual([]);
  });

  it('are found among many, with others in between, until they are no longer wanted', async () => {
    const store = await openFixture();
    const calls = commitCalls(
      store,
      Array.from({ length: 5_000 }, (_, at) => ({ input: `input ${at}` })),
    );
    const commitIds = [store.getRef(headRef('main'))?.commitId as never];
    const counts: number[] = [];
    const { outcomes, absent } = await keptCalls(
      store,
      { commitIds },
      { onProgress: (count) => counts.push(count) },
    );
    expect(absent).toBe(0);
    expect(new Set(outcomes.slice(0, 6_000).map(({ execId }) => execId))).toEqual(
      new Set(calls.map(({ execId }) => execId)),
    );
    expect(counts.length).toBeGreaterThan(1);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(keptCalls(store, { commitIds }, { signal })).rejects.toThrow('enough');
  });
});
