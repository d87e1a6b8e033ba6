import type { CommitId } from '@daggerml/object-model';
import { commitGraph, headRef, logCommits, verifyStore } from '@daggerml/store';
import { expect, it } from 'vitest';
import { listStates, readSnapshot } from '../src/state/read-snapshot.ts';
import { joinRemote, newRemote, toMain } from './exchange.ts';
import { commitTo, MAIN, noise } from './fixtures.ts';

const OTHER = headRef('other');

it('pushes merge groups and move no ref but their own, and all can be fetched [DML-REM-0508]', async () => {
  const remote = newRemote();
  const ours = await joinRemote(remote);
  const other = commitTo(ours.store, { other: 'stays' }, { ref: OTHER });
  await ours.push([toMain(ours.store, OTHER)]);
  const commits: CommitId[] = [];
  let mostGroups = 0;
  for (let push = 0; push < 24; push += 1) {
    commits.push(commitTo(ours.store, { a: noise(4 * push + 1_500 * (push % 7)) }));
    await ours.push(undefined, { segmentBytes: 60_000 });
    const { state } = await readSnapshot(remote.open());
    expect(state.refs).toEqual({ 'heads/main': commits.at(-1), 'heads/other': other });
    mostGroups = Math.max(mostGroups, state.groups.length);
  }
  const sizes: number[] = [];
  for await (const { state } of listStates(remote.open(), await readSnapshot(remote.open())))
    sizes.push(state.groups.length);
  // Some states have fewer groups than the one before.
  expect(sizes.reverse().some((size, at) => at > 0 && size < (sizes[at - 1] as number))).toBe(true);
  expect(mostGroups).toBeLessThan(12);

  const theirs = await joinRemote(remote);
  await theirs.fetch();
  expect([theirs.tracked(), theirs.tracked('other')]).toEqual([commits.at(-1), other]);
  const entries = logCommits(commitGraph(theirs.store), [theirs.tracked() as CommitId], {
    order: 'topological',
  });
  const log = [...entries].map(({ commitId }) => commitId);
  expect(log).toEqual([...commits].reverse());
  expect(ours.store.getRef(MAIN)?.commitId).toBe(commits.at(-1));
  expect((await verifyStore(theirs.store)).findings).toBe(0);
});
