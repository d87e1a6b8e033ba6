import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

let repository: TestRepository;
let older: string;
let newest: string;
beforeAll(async () => {
  repository = await TestRepository.create();
  ({ commitId: older } = await repository.run('sums'));
  ({ commitId: newest } = await repository.run('values'));
});

async function head(name: string): Promise<string> {
  return (await repository.ok('ref', name)).trim();
}

describe('dml tag', () => {
  it('lists the tags with commit and message [DML-CLI-1780]', async () => {
    await repository.ok('tag', 'list-b', older);
    await repository.ok('tag', 'list-a');
    const listed = [
      { tag: 'list-a', commitId: newest, message: 'run values' },
      { tag: 'list-b', commitId: older, message: 'run sums' },
    ];
    const all = await repository.json<unknown[]>('tag');
    expect(all.filter((each) => (each as { tag: string }).tag.startsWith('list-'))).toEqual(listed);
    expect(await repository.ok('tag')).toMatch(
      new RegExp(`^${older.slice(0, 12)} {2}list-b +run sums$`, 'm'),
    );
  });

  it('creates a tag of the commit, the current one by default, that keeps it [DML-CLI-1781]', async () => {
    expect(await repository.json('tag', 'of-older', older.slice(0, 8))).toEqual({
      tag: 'of-older',
      commitId: older,
    });
    expect(await repository.json('tag', 'of-newest')).toEqual({ tag: 'of-newest', commitId: newest });
    const { journal } = await repository.refState();
    const update = { actor: 'tester', ref: 'refs/tags/of-older', reason: 'tag', old: null, new: older };
    expect(journal).toContainEqual(expect.objectContaining(update));
    await repository.ok('branch', 'tagged');
    await repository.ok('switch', 'tagged');
    const { commitId } = await repository.run('raw');
    await repository.ok('tag', 'kept');
    await repository.ok('switch', 'main');
    await repository.ok('branch', '--delete', '--force', 'tagged');
    await repository.ok('gc');
    expect(await repository.ok('cat', 'kept:raw')).toBe('"only the names matter"\n');
    expect(await head('refs/tags/kept')).toBe(commitId);
  });

  it('refuses the name of a tag that exists, also of the same commit [DML-CLI-1782]', async () => {
    await repository.ok('tag', 'once', older);
    for (const commit of [older, newest])
      expect(await repository.error(6, ['tag', 'once', commit])).toMatchObject({ code: 'tag_exists' });
    expect(await head('refs/tags/once')).toBe(older);
  });

  it('refuses the name of a branch [DML-CLI-1783]', async () => {
    expect(await repository.error(6, ['tag', 'main', older])).toMatchObject({ code: 'branch_exists' });
    expect(await repository.refusal(3, ['ref', 'refs/tags/main'])).toContain('there is no ref');
  });

  it('keeps branches from its names [DML-CLI-1784]', async () => {
    await repository.ok('tag', 'no-branch', older);
    expect(await repository.error(6, ['branch', 'no-branch'])).toMatchObject({ code: 'tag_exists' });
    expect(await repository.refusal(3, ['ref', 'refs/heads/no-branch'])).toContain('there is no ref');
  });

  it('deletes a tag and says how it comes back [DML-CLI-1785]', async () => {
    await repository.ok('tag', 'gone', older);
    const deleted = await repository.json<{ restoringCommand: string }>('tag', '--delete', 'gone');
    expect(deleted).toMatchObject({ tag: 'gone', commitId: older, deleted: true });
    await repository.refusal(3, ['ref', 'refs/tags/gone']);
    await repository.ok(...deleted.restoringCommand.split(' ').slice(1));
    expect(await head('refs/tags/gone')).toBe(older);
    expect(await repository.ok('tag', '-d', 'gone')).toContain(
      `"${deleted.restoringCommand}" brings it back`,
    );
    await repository.refusal(2, ['tag', '--delete']);
    await repository.refusal(2, ['tag', '--delete', 'gone', older]);
  });
});
