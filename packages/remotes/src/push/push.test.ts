import { headRef, remoteRef, tagRef } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { commitTo, MAIN, newPlace, remoteOver } from '../../test/fixtures.ts';
import { mapRemote, openMapFiles } from '../../test/map-files.ts';
import { fetch } from '../fetch/fetch.ts';
import { push } from './push.ts';

describe('push', () => {
  it('brings commits to a remote from which others fetch them', async () => {
    const ours = await newPlace();
    const commitId = commitTo(ours.store, { a: 'one', b: Buffer.alloc(300_000, 'x') });
    const shared = mapRemote();
    const files = openMapFiles(shared);
    const pushed = await push(remoteOver(files), { ...ours, pushes: [{ ref: MAIN, commitId }] });
    expect(pushed.moves).toEqual([{ ref: MAIN, before: null, after: commitId, kind: 'new' }]);
    console.log(files.requests);
    const theirs = await newPlace();
    const other = openMapFiles(shared);
    const fetched = await fetch(remoteOver(other), { ...theirs, remoteName: 'origin' });
    console.log(other.requests, fetched);
    expect(theirs.store.getRef(remoteRef('origin', 'main'))?.commitId).toBe(commitId);
    other.requests.length = 0;
    await fetch(remoteOver(other), { ...theirs, remoteName: 'origin' });
    expect(other.requests).toEqual(['readVersion CURRENT.json']);
    files.requests.length = 0;
    await push(remoteOver(files), { ...ours, pushes: [{ ref: MAIN, commitId }] });
    expect(files.requests).toEqual(['readVersion CURRENT.json']);
    for (let at = 0; at < 20; at += 1) {
      const next = commitTo(ours.store, { a: `two ${at}` });
      files.requests.length = 0;
      await push(remoteOver(files, at + 10), { ...ours, pushes: [{ ref: MAIN, commitId: next }] });
      console.log(files.requests.length, (await ours.memory.recall())?.state.groups.length);
    }
    other.requests.length = 0;
    await fetch(remoteOver(other), { ...theirs, remoteName: 'origin' });
    console.log(other.requests);
    expect(theirs.store.getRef(remoteRef('origin', 'main'))?.commitId).toBe(
      ours.store.getRef(MAIN)?.commitId,
    );
  });
});
