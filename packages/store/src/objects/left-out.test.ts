import type { CommitId, DatumId } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { findingsOf } from '../../test/findings.ts';
import { openFixture } from '../../test/fixture-store.ts';
import { putText } from '../../test/records.ts';
import { withhold } from '../../test/rows.ts';
import { BY, commitTo, exported, failureOf, imported, MAIN, sourceStore } from '../../test/streams.ts';
import { runGc } from '../gc/run.ts';
import { commitGraph } from '../history/commit-graph.ts';
import { Draft } from '../history/draft.ts';
import { logCommits } from '../history/log.ts';
import { isAncestor } from '../history/merge-base.ts';
import { fastForward, mergeIntoRef, replayOntoRef } from '../history/move-ref.ts';
import { headRef } from '../refs/ref-name.ts';
import type { LeftOutSource, Store } from '../store.ts';
import { encodeHead, encodeSection } from '../transfer/car-frame.ts';
import { readCar } from '../transfer/car-reader.ts';
import type { StubFacts } from './stubs.ts';

const REMOTE = 'dml+remote://file/tmp/shared';
const SIDE = headRef('side');
const FACTS = {
  author: 'ada',
  authoredMs: 9_000,
  committer: 'ada',
  committedMs: 9_000,
  message: 'merge',
  detailsDatumId: null,
};

let store: Store;

beforeEach(async () => {
  store = await openFixture();
});

/** Creates a line of commits of a branch, of which the first one was left out. */
function shallowLine(): { first: CommitId; second: CommitId; third: CommitId } {
  const first = commitTo(store, { text: 'one' });
  const second = commitTo(store, { text: 'two', parents: [first] });
  const third = commitTo(store, { text: 'three', parents: [second] });
  withhold(store, { class: 'commit', objectId: first }, REMOTE);
  return { first, second, third };
}

function failure(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe('what was left out', () => {
  it('is told apart from what others withhold [DML-STO-0853]', async () => {
    const [leftOut, withheld] = store.transact('fill', (transaction) => [
      putText(transaction, 'left out'),
      putText(transaction, 'withheld'),
    ]) as [DatumId, DatumId];
    withhold(store, { class: 'datum', objectId: leftOut }, REMOTE);
    withhold(store, { class: 'datum', objectId: withheld });
    expect(failure(() => store.read('datum', leftOut))).toMatchObject({
      code: 'object_withheld',
      detail: 'left_out',
      fields: { class: 'datum', objectId: leftOut, domain: REMOTE },
    });
    expect(failure(() => store.read('datum', withheld))).toMatchObject({
      code: 'object_withheld',
      detail: undefined,
      fields: { domain: 'did:key:z6Mk' },
    });
    expect(store.countStubs()).toEqual({ objects: 2, commits: 0 });
    expect([store.hasLeftOut('datum'), store.hasLeftOut('chunk'), store.hasWithheld()]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('is asked of the source when a reader waits for it, and nothing else is [DML-STO-0854]', async () => {
    const ids = store.transact('fill', (transaction) =>
      ['present', 'left out', 'withheld'].map((text) => putText(transaction, text)),
    );
    const [, leftOut, withheld] = ids as [DatumId, DatumId, DatumId];
    const absent = 'ff'.repeat(32) as DatumId;
    const asked: StubFacts[][] = [];
    const source: LeftOutSource = {
      bring: async (stubs) => {
        asked.push([...stubs]);
        store.transact('bring', (transaction) => putText(transaction, 'left out'));
      },
      close: async () => {},
    };
    await store.bring('datum', ids);
    expect(store.mayBring).toBe(false);
    store.leftOutSource = source;
    expect(store.mayBring).toBe(false);
    withhold(store, { class: 'datum', objectId: leftOut }, REMOTE);
    withhold(store, { class: 'datum', objectId: withheld });
    expect(store.mayBring).toBe(true);
    await store.bring('datum', [...ids, absent]);
    expect(asked).toEqual([[{ class: 'datum', objectId: leftOut, domain: REMOTE, timeMs: 1 }]]);
    expect(store.has('datum', leftOut)).toBe(true);
    await store.bring('datum', ids);
    expect(asked).toHaveLength(1);
  });

  it('closes its source with the store', async () => {
    let closed = 0;
    store.leftOutSource = {
      bring: async () => {},
      close: async () => {
        closed += 1;
        throw new Error('nobody hears this');
      },
    };
    await store.close();
    expect(closed).toBe(1);
  });

  it('ends history where it is a commit [DML-STO-0855]', async () => {
    const { first, second, third } = shallowLine();
    expect(isAncestor(commitGraph(store), second, third)).toBe(true);
    expect(isAncestor(commitGraph(store), third, second)).toBe(false);
    expect(isAncestor(new Draft(store), second, third)).toBe(true);
    expect([...logCommits(new Draft(store), [third])].map(({ commitId }) => commitId)).toEqual([
      third,
      second,
      first,
    ]);
    // One that others withhold, or that is lost, is no end of history.
    withhold(store, { class: 'commit', objectId: second });
    expect(failure(() => isAncestor(commitGraph(store), first, third))).toMatchObject({
      code: 'object_withheld',
      detail: undefined,
    });
    const lost = 'ee'.repeat(32) as CommitId;
    expect(failure(() => commitGraph(store).readCommit(lost))).toMatchObject({ code: 'object_missing' });
    expect(await findingsOf(store)).toEqual([]);
    await runGc(store);
    expect(store.getStub('commit', second)).toBeDefined();
  });

  it('refuses a merge whose base may be among it [DML-STO-0856]', () => {
    const { first, third } = shallowLine();
    const own = commitTo(store, { text: 'own', parents: [first] }, SIDE);
    const refused = { code: 'object_withheld', detail: 'left_out', fields: { objectId: first } };
    const move = { ref: MAIN, ...BY };
    // Both know the commit that was left out, which is their base.
    expect(failure(() => mergeIntoRef(store, move, own, FACTS))).toMatchObject(refused);
    expect(failure(() => replayOntoRef(store, move, own, FACTS))).toMatchObject(refused);
    // Others have nothing in common that is known here.
    const other = commitTo(store, { text: 'other' }, headRef('other'));
    for (const merge of [mergeIntoRef, replayOntoRef, fastForward] as const)
      expect(
        failure(() => merge(store, move, other, FACTS as never)),
        merge.name,
      ).toMatchObject(refused);
    expect(store.getRef(MAIN)?.commitId).toBe(third);
  });

  it('refuses an export [DML-STO-1050]', async () => {
    const { first } = shallowLine();
    await expect(exported(store)).rejects.toMatchObject({
      code: 'object_withheld',
      detail: 'left_out',
      fields: { class: 'commit', objectId: first },
    });
  });

  it('of an import has a stub once its refs have moved, unless it is here [DML-STO-1051]', async () => {
    const { store: source, commitId } = await sourceStore();
    const bytes = await exported(source);
    const parent = source.getRecord('commit', commitId)?.parentCommitIds[0] as CommitId;
    const stream = await withoutCommit(bytes, parent);
    expect(await failureOf(imported(store, stream))).toBe('transfer_invalid/incomplete');
    const leftOut = {
      has: (objectClass: string, id: string) =>
        objectClass === 'commit' && [parent, commitId].includes(id as never),
      domain: REMOTE,
      timeMs: 5,
    };
    expect(await failureOf(imported(store, stream, { leftOut }))).toBe('transfer_invalid/withheld_offered');
    expect(store.getRef(MAIN)).toBeUndefined();
    const result = await imported(store, stream, { leftOut, acceptWithheld: true });
    expect(result).toMatchObject({ state: 'applied', stubs: 0, leftOut: 1 });
    expect([...store.iterateStubs()]).toEqual([
      { class: 'commit', objectId: parent, domain: REMOTE, timeMs: 5 },
    ]);
    expect(store.has('commit', commitId)).toBe(true);
    expect(await findingsOf(store)).toEqual([]);
  });
});

/** Returns a stream without the section of a commit. */
async function withoutCommit(bytes: Buffer, commitId: CommitId): Promise<Buffer> {
  const { roots, sections } = await readCar([bytes]);
  const kept = [encodeHead(roots)];
  for await (const { link, bytes: block } of sections)
    if (link.id !== commitId) kept.push(encodeSection(link, block));
  return Buffer.concat(kept);
}
