import { applyExcision, headRef, planExcision, remoteRef } from '@daggerml/store';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

let repository: TestRepository;
/** Commits of `main`, the first one first. */
let commits: string[];
beforeEach(async () => {
  repository = await TestRepository.create();
  commits = [];
  for (const pipeline of ['sums', 'raw', 'values']) commits.push((await repository.run(pipeline)).commitId);
});

async function upstream(): Promise<unknown[]> {
  const status = await repository.json<Record<string, unknown>>('status');
  return [status.upstream, status.ahead, status.behind];
}

describe('dml status', () => {
  it('prints how far the branch and its tracking ref are apart [DML-CLI-2050]', async () => {
    await repository.ok('remote', 'add', 'origin', 'shared');
    const line = async (): Promise<string | undefined> => (await repository.ok('status')).split('\n')[2];
    expect(await line()).toBe('');
    await repository.plant(remoteRef('origin', 'main'), commits[2]!);
    expect(await line()).toBe('Up to date with origin/main');
    await repository.plant(remoteRef('origin', 'main'), commits[0]!);
    expect(await line()).toBe('2 commits ahead of origin/main');
    await repository.ok('branch', 'side', commits[0]!);
    await repository.ok('switch', 'side');
    await repository.plant(remoteRef('origin', 'side'), commits[1]!);
    expect(await line()).toBe('1 commit behind origin/side');
    await repository.plant(remoteRef('origin', 'side'), commits[2]!);
    await repository.run('clock');
    expect(await line()).toBe('1 commit ahead of origin/side, and 2 behind it');
  });

  it('says that a bundle brought the tracking ref of no remote [DML-CLI-3850]', async () => {
    await repository.ok('bundle', 'create', 'all.car', 'main');
    await repository.ok('bundle', 'unbundle', 'all.car', '--as', 'off');
    expect((await repository.ok('status')).split('\n')[2]).toBe(
      'Up to date with off/main (a bundle brought it; no remote is called "off")',
    );
    expect(await repository.json('status')).toMatchObject({ upstream: 'off/main', upstreamRemote: null });
    await repository.ok('remote', 'add', 'off', 'shared');
    expect((await repository.ok('status')).split('\n')[2]).toBe('Up to date with off/main');
    expect(await repository.json('status')).toMatchObject({ upstream: 'off/main', upstreamRemote: 'off' });
  });

  it('takes the tracking ref of origin, or of the only remote that has one [DML-CLI-2051]', async () => {
    await repository.plant(remoteRef('near', 'other'), commits[0]!);
    await repository.plant(remoteRef('near', 'team/main'), commits[0]!);
    expect(await upstream()).toEqual([null, null, null]);
    await repository.plant(remoteRef('near', 'main'), commits[1]!);
    expect(await upstream()).toEqual(['near/main', 1, 0]);
    await repository.plant(remoteRef('far', 'main'), commits[0]!);
    expect(await upstream()).toEqual([null, null, null]);
    await repository.plant(remoteRef('origin', 'main'), commits[0]!);
    expect(await upstream()).toEqual(['origin/main', 2, 0]);
  });

  it('prints the numbers as fields, and null where there are none [DML-CLI-2052]', async () => {
    await repository.plant(remoteRef('origin', 'main'), commits[2]!);
    expect(await repository.json('status')).toMatchObject({ upstream: 'origin/main', ahead: 0, behind: 0 });
    await repository.plant(headRef('main'), null);
    expect(await repository.json('status')).toMatchObject({
      commitId: null,
      upstream: null,
      ahead: null,
      behind: null,
    });
  });

  it('counts up to where history was excised', async () => {
    await repository.plant(remoteRef('origin', 'main'), commits[1]!);
    await repository.withStore(async (store) => {
      const plan = await planExcision(store, {
        objects: [{ class: 'commit', objectId: commits[0] as never }],
      });
      applyExcision(store, plan, { reason: 'secret', message: '', actor: 'ada' });
    }, 'write');
    expect(await upstream()).toEqual(['origin/main', 1, 0]);
  });
});
