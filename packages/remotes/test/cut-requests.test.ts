import type { CommitId } from '@daggerml/object-model';
import { headRef } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { readSnapshot } from '../src/state/read-snapshot.ts';
import { memoryOfProcess } from '../src/state/state-memory.ts';
import { joinRemote, type Member, memberOf, newRemote, toMain } from './exchange.ts';
import { commitTo, MAIN, noise } from './fixtures.ts';
import { Killed, unanswered } from './watched-files.ts';

/** Cuts every request of some work, one at a time, before or after its effect, until the work gets through. */
async function cutEach(
  work: (cut: { at: number; phase: 'before' | 'after' }) => Promise<{ isThrough: boolean }>,
): Promise<number> {
  for (let at = 0; ; at += 1) {
    const results = [await work({ at, phase: 'before' }), await work({ at, phase: 'after' })];
    if (results.every(({ isThrough }) => isThrough)) return at;
    expect(at).toBeLessThan(200);
  }
}

/** Repository with a push on the remote, and one that is to come. */
async function ready(): Promise<{
  remote: ReturnType<typeof newRemote>;
  ours: Member;
  before: CommitId;
  after: CommitId;
}> {
  const remote = newRemote();
  const ours = await joinRemote(remote);
  const before = commitTo(ours.store, { a: 'one', b: noise(100_000) });
  await ours.push();
  const after = commitTo(ours.store, { a: 'two', b: noise(100_004) });
  return { remote, ours, before, after };
}

describe('a push that is cut', () => {
  it('leaves every ref as before or as after wherever it is killed [DML-REM-0806]', async () => {
    const seen = new Set<string>();
    const requests = await cutEach(async ({ at, phase: cutPhase }) => {
      const { remote, ours, before, after } = await ready();
      const dying = memberOf(
        { store: ours.store, memory: memoryOfProcess() },
        remote,
        ({ number }, phase) => {
          if (number >= at && (number > at || phase === cutPhase)) throw new Killed();
        },
      );
      const isThrough = await dying.push(undefined, { segmentBytes: 40_000 }).then(
        () => true,
        () => false,
      );
      const now = (await readSnapshot(remote.open())).state.refs['heads/main'];
      expect([before, after]).toContain(now);
      seen.add(now === before ? 'before' : 'after');
      const theirs = await joinRemote(remote);
      await theirs.fetch();
      expect(theirs.tracked()).toBe(now);
      // A re-run converges.
      await memberOf({ store: ours.store, memory: memoryOfProcess() }, remote).push();
      await theirs.fetch();
      expect(theirs.tracked()).toBe(after);
      return { isThrough };
    });
    expect(requests).toBeGreaterThan(6);
    expect([...seen].sort()).toEqual(['after', 'before']);
  });

  it('is settled as what it was where one answer is lost [DML-REM-0702]', async () => {
    await cutEach(async ({ at, phase: cutPhase }) => {
      const { remote, ours, after } = await ready();
      let isCut = false;
      const unlucky = memberOf(
        { store: ours.store, memory: memoryOfProcess() },
        remote,
        ({ number, operation }, phase) => {
          if (number !== at || phase !== cutPhase || operation !== 'swap') return;
          isCut = true;
          throw unanswered();
        },
      );
      const { moves, snapshot } = await unlucky.push();
      expect(moves).toHaveLength(1);
      expect(snapshot?.state.sequence).toBe(1);
      expect((await readSnapshot(remote.open())).state).toMatchObject({
        sequence: 1,
        refs: { 'heads/main': after },
      });
      return { isThrough: at > 10 || (!isCut && at > unlucky.files.requests.length) };
    });
  });

  it('counts as applied where others replaced it before it was read back [DML-REM-0706]', async () => {
    const { remote, ours, after } = await ready();
    const others = await joinRemote(remote);
    await others.fetch();
    let isCut = false;
    const unlucky = memberOf(ours, remote, async ({ operation }, phase) => {
      if (operation !== 'swap' || phase === 'before' || isCut) return;
      isCut = true;
      for (let at = 0; at < 3; at += 1) {
        const ref = headRef(`other${at}`);
        commitTo(others.store, { x: `other ${at}` }, { ref });
        await others.push([toMain(others.store, ref)]);
      }
      throw unanswered();
    });
    expect((await unlucky.push()).moves).toMatchObject([{ ref: MAIN, after }]);
    const { state } = await readSnapshot(remote.open());
    expect(state.refs['heads/main']).toBe(after);
    expect(state.sequence).toBe(4);
  });

  it('is refused where others won, and tries again on top of them [DML-REM-0707]', async () => {
    const { remote, ours, after } = await ready();
    const others = await joinRemote(remote);
    await others.fetch();
    const theirs = commitTo(others.store, { x: 'theirs' }, { ref: headRef('theirs') });
    let isMet = false;
    const losing = memberOf(ours, remote, async ({ operation }, phase) => {
      if (operation !== 'swap' || phase === 'after' || isMet) return;
      isMet = true;
      await others.push([toMain(others.store, headRef('theirs'))]);
    });
    await losing.push();
    const { state } = await readSnapshot(remote.open());
    expect(state.refs).toEqual({ 'heads/main': after, 'heads/theirs': theirs });
    expect(state.sequence).toBe(2);
    const puts = losing.files.requests.filter((request) => request.startsWith('put segments'));
    // What it had put is of use still.
    expect(puts).toHaveLength(1);
  });
});

describe('a fetch that is cut', () => {
  it('leaves every tracking ref as before or as after wherever it is killed [DML-REM-0906]', async () => {
    const requests = await cutEach(async ({ at, phase: cutPhase }) => {
      const { remote, ours, before, after } = await ready();
      const theirs = await joinRemote(remote);
      await theirs.fetch();
      expect(theirs.tracked()).toBe(before);
      await ours.push(undefined, { segmentBytes: 40_000 });
      const dying = memberOf(theirs, remote, ({ number }, phase) => {
        if (number >= at && (number > at || phase === cutPhase)) throw new Killed();
      });
      const isThrough = await dying.fetch().then(
        () => true,
        () => false,
      );
      expect(theirs.tracked()).toBe(isThrough ? after : before);
      await theirs.fetch();
      expect(theirs.tracked()).toBe(after);
      return { isThrough };
    });
    expect(requests).toBeGreaterThan(3);
  });
});
