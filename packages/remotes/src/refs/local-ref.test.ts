import type { CommitId } from '@daggerml/object-model';
import { headRef, type RefName, remoteRef, tagRef } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { joinRemote, type Member, newRemote } from '../../test/exchange.ts';
import { commitTo, MAIN, remoteOver } from '../../test/fixtures.ts';
import { advance } from '../state/advance.ts';
import { readSnapshot } from '../state/read-snapshot.ts';

/** Names that no new branch or tag may have. */
const WRONG = [
  'a..b',
  'a.lock',
  'x/',
  '@{',
  'a b',
  '~x',
  'HEAD',
  '-x',
  'refs/heads/q',
  'tags/v',
  'a:b',
  'a.',
];

/** Lets another implementation put refs on a remote, besides those that are there. */
async function plantRefs(member: Member, keys: readonly string[], commitId: CommitId): Promise<void> {
  await advance(remoteOver(member.files, 99), async ({ state }) => ({
    reason: 'another implementation',
    refs: { ...state.refs, ...Object.fromEntries(keys.map((key) => [key, commitId])) },
  }));
}

describe('names of refs on a remote', () => {
  it.each(WRONG)('refuse a push to %j before any request [DML-REM-1870]', async (name) => {
    const ours = await joinRemote(newRemote());
    const commitId = commitTo(ours.store, { a: 'one' });
    const refused = { code: 'ref_name_invalid', fields: { name } };
    for (const ref of [headRef(name), tagRef(name)])
      for (const isDryRun of [true, false]) {
        const pushes = [
          { ref: MAIN, commitId },
          { ref, commitId },
        ];
        await expect(ours.push(pushes, { isDryRun })).rejects.toMatchObject(refused);
      }
    expect(ours.files.requests).toEqual([]);
  });

  it('refuse a push of a branch that no tracking ref can follow [DML-REM-1870]', async () => {
    const ours = await joinRemote(newRemote());
    const commitId = commitTo(ours.store, { a: 'one' });
    const ref = headRef('é'.repeat(127));
    const remoteName = 'é'.repeat(60);
    await expect(ours.push([{ ref, commitId }], { remoteName })).rejects.toMatchObject({
      code: 'ref_name_invalid',
      detail: 'too_long',
    });
    expect(ours.files.requests).toEqual([]);
  });

  it('are left out of a fetch and named where none may be new [DML-REM-1872]', async () => {
    const remote = newRemote();
    const [ours, theirs] = [await joinRemote(remote), await joinRemote(remote)];
    const commitId = commitTo(ours.store, { a: 'one' });
    await ours.push([
      { ref: MAIN, commitId },
      { ref: tagRef('v1'), commitId },
    ]);
    const keys = WRONG.flatMap((name) => [`heads/${name}`, `tags/${name}`]);
    await plantRefs(ours, keys, commitId);
    const { moved, skippedRefs } = await theirs.fetch();
    expect(moved.map(({ ref }) => ref).sort()).toEqual([remoteRef('origin', 'main'), tagRef('v1')]);
    expect(skippedRefs.map(({ ref }) => ref).sort()).toEqual(keys.map((key) => `refs/${key}`).sort());
    expect(skippedRefs[0]?.commitId).toBe(commitId);
    // They are named as long as they are there, and not where one branch is asked for.
    expect((await theirs.fetch()).skippedRefs).toHaveLength(keys.length);
    const { skippedRefs: ofMain } = await theirs.fetch({ branches: ['main'] });
    expect(ofMain.map(({ ref }) => ref).sort()).toEqual(WRONG.map((name) => tagRef(name)).sort());
    // Others push on beside them.
    const next = commitTo(ours.store, { a: 'two' });
    await ours.push();
    expect((await theirs.fetch()).moved).toMatchObject([{ after: next }]);
  });

  it('are followed further where they are here already [DML-REM-1872]', async () => {
    const remote = newRemote();
    const [ours, theirs] = [await joinRemote(remote), await joinRemote(remote)];
    const commitId = commitTo(ours.store, { a: 'one' });
    await ours.push();
    // The store takes what begins like a ref as the name of a tracking ref.
    const tracking = remoteRef('origin', 'HEAD');
    await theirs.fetch();
    const update = { expected: null, next: commitId, actor: 'ada', reason: 'test' };
    theirs.store.updateRef({ ref: tracking, ...update });
    const next = commitTo(ours.store, { a: 'two' });
    await ours.push();
    await plantRefs(ours, ['heads/HEAD'], next);
    const { moved, skippedRefs } = await theirs.fetch();
    expect(moved.map(({ ref }) => ref)).toContain(tracking);
    expect(skippedRefs).toEqual([]);
  });

  it('can be deleted there whatever they are [DML-REM-1871]', async () => {
    const ours = await joinRemote(newRemote());
    const commitId = commitTo(ours.store, { a: 'one' });
    await ours.push();
    const long = 'é'.repeat(127);
    const names = [...WRONG, long];
    const keys = names.flatMap((name) => [`heads/${name}`, `tags/${name}`]);
    await plantRefs(ours, keys, commitId);
    const deletions = keys.map((key) => ({ ref: `refs/${key}` as RefName, commitId: null }));
    const { moves } = await ours.push(deletions, { remoteName: 'é'.repeat(60) });
    expect(moves).toHaveLength(keys.length);
    expect(Object.keys((await readSnapshot(ours.files)).state.refs)).toEqual(['heads/main']);
  });
});
