import { createHash } from 'node:crypto';
import { Repository } from '@daggerml/bindings';
import { headRef, indexRef, remoteRef, tagRef } from '@daggerml/store';
import { beforeAll, describe, expect, it } from 'vitest';
import { type RunDocument, TestRepository, words } from './test-repository.ts';

const UUID = '7a91c2d4-0000-4000-8000-0000000000ab';
const LARGE = 'a line of a large file\n'.repeat(20_000);
const SMALL = 'a small file\n';

const PIPELINES = `import { blob, definePipeline } from '@daggerml/bindings';
export const exp = definePipeline('exp', async (dag) => {
  dag.name('model', dag.literal({ weights: [0.5, { bias: 7 }], name: 'tree', 'a.b': { c: 1 }, a: { 'b.c': 2 } }));
  dag.name('dotted.name', dag.literal({ x: 3 }));
  dag.name('large', dag.literal(blob(${JSON.stringify(LARGE)})));
  dag.name('small', dag.literal(blob(${JSON.stringify(SMALL)})));
  return { plot: 'a plot', 'with "quotes" [0]': 9, list: [[1, 2], [3]], 'deep': { map: { key: true } } };
});
`;

let repository: TestRepository;
let first: RunDocument;
let second: RunDocument;
beforeAll(async () => {
  repository = await TestRepository.create();
  const simple =
    "import { definePipeline } from '@daggerml/bindings';\nexport const exp = definePipeline(() => 1);\n";
  repository.write('forms.ts', simple);
  first = await repository.json<RunDocument>('run', 'forms.ts');
  repository.write('forms.ts', PIPELINES);
  await repository.ok('branch', 'side', first.commitId);
  second = await repository.json<RunDocument>('run', 'forms.ts');
  for (const ref of [remoteRef('origin', 'main'), remoteRef('origin', 'team/x'), indexRef(UUID)])
    await repository.plant(ref, first.commitId);
});

/** Asks the API, which holds the store only for so long. */
async function api<T>(ask: (repository: Repository) => T | Promise<T>): Promise<T> {
  const opened = await Repository.open(repository.folder, { readOnly: true });
  try {
    return await ask(opened);
  } finally {
    await opened.close();
  }
}

/** Commits a dag under a name while `body` runs; the branch is at the same commit afterwards. */
async function withDag(name: string, body: (dagId: string) => Promise<void>): Promise<void> {
  await repository.ok('branch', 'aside', 'main');
  await repository.ok('switch', 'aside');
  const text = "import { definePipeline } from '@daggerml/bindings';\n";
  repository.write('named.ts', `${text}export const named = definePipeline('${name}', () => 'named');\n`);
  const { dagId } = await repository.json<RunDocument>('run', 'named.ts');
  await body(dagId);
  await repository.ok('switch', 'main');
  await repository.ok('branch', '--delete', '--force', 'aside');
}

/** Has a branch at the first commit, whatever its name, while `body` runs. */
async function withBranch(name: string, body: () => Promise<void>): Promise<void> {
  await repository.plant(headRef(name), first.commitId);
  await body();
  await repository.plant(headRef(name), null);
}

/** Expects the API to refuse a name. */
async function expectUnknown(name: string, detail: string): Promise<void> {
  const refusal = expect.objectContaining({ code: 'unknown_name', detail });
  await expect(
    api((opened) => opened.find(name)),
    name,
  ).rejects.toEqual(refusal);
  await repository.refusal(3, ['show', name]);
}

/** Expects a name to stand for one object in every command that takes an object, and in the API. */
async function expectObject(name: string, objectClass: string, objectId: string | undefined): Promise<void> {
  const found = await repository.json('show', '--', name);
  expect(found, name).toMatchObject({ class: objectClass, objectId });
  expect(await api((opened) => opened.find(name)), name).toMatchObject({ class: objectClass, objectId });
  const why = await repository.json('gc', '--why', name);
  expect(why, name).toMatchObject({ class: objectClass, objectId, state: 'kept' });
}

/** Expects a name to stand for a commit in all that takes an object, and in all that takes a commit. */
async function expectCommit(name: string, commitId: string): Promise<void> {
  await expectObject(name, 'commit', commitId);
  const [newest] = await repository.json<{ commitId: string }[]>('log', '-n', '1', '--', name);
  expect(newest?.commitId, name).toBe(commitId);
  expect(await api((opened) => opened.getCommit(name).commitId), name).toBe(commitId);
  const branch = await repository.json<{ commitId: string }>('branch', 'made-there', name);
  expect(branch.commitId, name).toBe(commitId);
  await repository.ok('branch', '--delete', '--force', 'made-there');
  const { dagId } = await repository.json<RunDocument>('show', '--', `${name}:exp`);
  await expectObject(`${name}:exp`, 'dag', commitId === first.commitId ? first.dagId : second.dagId);
  expect(dagId).toBeUndefined();
}

/** Expects a name to stand for a value in every command that takes one, and in the API. */
async function expectValue(name: string, value: unknown): Promise<void> {
  expect(await repository.json('cat', '--', name), name).toEqual(value);
  expect(await api((opened) => opened.read(name)), name).toEqual(value);
}

describe('a name', () => {
  it('that is an id in full stands for its object [DML-REP-0001]', async () => {
    await expectCommit(first.commitId, first.commitId);
    await expectObject(second.dagId, 'dag', second.dagId);
    // A dag of the same name hides nothing.
    await withDag(second.dagId, async () => await expectObject(second.dagId, 'dag', second.dagId));
  });

  it('HEAD stands for the commit of the current branch [DML-REP-0002]', async () => {
    await expectCommit('HEAD', second.commitId);
    await repository.ok('switch', 'side');
    await expectCommit('HEAD', first.commitId);
    await repository.ok('switch', 'main');
    // An earlier version made a branch of this name.
    await withBranch('HEAD', async () => await expectCommit('HEAD', first.commitId));
    await expectCommit('HEAD', second.commitId);
  });

  it('of a branch stands for its commit [DML-REP-0003]', async () => {
    for (const name of ['side', 'heads/side']) await expectCommit(name, first.commitId);
    await expectCommit('main', second.commitId);
    // An earlier version made a branch of this name.
    await withBranch('heads/main', async () => await expectCommit('heads/main', first.commitId));
  });

  it('of a tag stands for its commit, unless a branch has it [DML-REP-0351]', async () => {
    await repository.plant(tagRef('v1/a'), second.commitId);
    for (const name of ['v1/a', 'tags/v1/a', 'refs/tags/v1/a']) await expectCommit(name, second.commitId);
    await expectCommit('v1/a~1', first.commitId);
    await withBranch('v1/a', async () => await expectCommit('v1/a', first.commitId));
    await repository.plant(tagRef('origin/main'), second.commitId);
    await expectCommit('origin/main', second.commitId);
    for (const name of ['v1/a', 'origin/main']) await repository.plant(tagRef(name), null);
  });

  it('of a tag in any form is read as one where only such is wanted [DML-REP-0352]', async () => {
    for (const name of ['v2', 'tags/v2', 'refs/tags/v2']) {
      await repository.plant(tagRef('v2'), first.commitId);
      expect(await repository.json('tag', '--delete', name)).toMatchObject({
        tag: 'v2',
        commitId: first.commitId,
      });
    }
    await repository.plant(tagRef('side'), second.commitId);
    expect(await repository.json('tag', '--delete', 'side')).toMatchObject({ commitId: second.commitId });
    for (const name of ['main', 'HEAD', 'main~1', second.commitId])
      expect(await repository.error(2, ['tag', '--delete', name]), name).toMatchObject({
        code: 'wrong_class',
        detail: 'no_tag',
      });
    expect(await repository.error(3, ['tag', '--delete', 'nope'])).toMatchObject({ detail: 'tag' });
  });

  it('of a tracking ref stands for its commit, unless a branch has it [DML-REP-0004]', async () => {
    for (const name of ['origin/main', 'origin/team/x']) await expectCommit(name, first.commitId);
    await repository.ok('branch', 'origin/main', second.commitId);
    await expectCommit('origin/main', second.commitId);
    await repository.ok('branch', '--delete', 'origin/main');
    await expectCommit('origin/main', first.commitId);
    // Alone and as the beginning of a longer form, by one grammar.
    await repository.plant(remoteRef('other', 'main'), second.commitId);
    await expectCommit('other/main', second.commitId);
    await expectCommit('other/main~1', first.commitId);
    await repository.plant(remoteRef('other', 'main'), null);
  });

  it('of any ref stands for its commit, in full and without refs/ [DML-REP-0005]', async () => {
    for (const name of [
      'refs/heads/side',
      'refs/remotes/origin/main',
      'remotes/origin/main',
      `refs/index/${UUID}`,
      `index/${UUID}`,
    ])
      await expectCommit(name, first.commitId);
    await repository.ok('branch', 'main/x', second.commitId);
    await withBranch('remotes/origin/main', async () => {
      await repository.ok('merge', 'remotes/origin/main', 'main');
      await expectCommit('remotes/origin/main', second.commitId);
    });
    await repository.ok('branch', '--delete', 'main/x');
    expect(await repository.json('ref', 'origin/main')).toMatchObject({ ref: 'refs/remotes/origin/main' });
  });

  it('that is the UUID of work in progress stands for its commit [DML-REP-0037]', async () => {
    await expectCommit(UUID, first.commitId);
    await repository.ok('branch', UUID, second.commitId);
    await expectCommit(UUID, second.commitId);
    await repository.ok('branch', '--delete', UUID);
  });

  it('that begins the UUID of work in progress stands for its commit, unless a ref or a dag has it [DML-REP-0030]', async () => {
    for (const name of [UUID.slice(0, 4), UUID.slice(0, 20), UUID.slice(0, 12).toUpperCase()])
      await expectCommit(name, first.commitId);
    await repository.refusal(4, ['show', UUID.slice(0, 3)]);
    const digits = UUID.slice(0, 6);
    await withDag(digits, async (dagId) => await expectObject(digits, 'dag', dagId));
    await repository.ok('branch', digits, second.commitId);
    await expectCommit(digits, second.commitId);
    await repository.ok('branch', '--delete', digits);
  });

  it('of work in progress is read in the same way where only such is wanted [DML-REP-0031]', async () => {
    for (const name of ['0', UUID.slice(0, 3)]) await repository.refusal(4, ['wip', 'prune', name]);
    for (const name of ['index/', 'refs/index/', UUID.slice(1)])
      await repository.refusal(3, ['wip', 'prune', name]);
    for (const name of ['main', 'HEAD', 'main~1', second.commitId, 'origin/main'])
      expect(await repository.error(2, ['wip', 'prune', name]), name).toMatchObject({
        code: 'wrong_class',
        detail: 'no_work',
        hint: '"dml wip list" lists what there is',
      });
    const refused = { code: 'wrong_class', detail: 'no_ref' };
    for (const name of ['main~', 'main~1', second.commitId, second.commitId.slice(0, 12)])
      expect(await repository.error(2, ['ref', name]), name).toMatchObject(refused);
    const names = [UUID, `index/${UUID}`, `refs/index/${UUID}`, UUID.slice(0, 4), UUID.slice(0, 12)];
    for (const name of names) {
      expect(await repository.json('ref', name)).toMatchObject({ ref: `refs/index/${UUID}` });
      expect(await repository.ok('wip', 'prune', name)).toBe(`pruned ${UUID}\n`);
      await repository.plant(indexRef(UUID), first.commitId);
    }
  });

  it('of a branch in any form is the branch that is committed to [DML-REP-0035]', async () => {
    const opened = await Repository.open(repository.folder);
    try {
      let at = opened.getCommit('side').commitId;
      for (const [branch, built] of ['side', 'heads/side', 'refs/heads/side'].entries()) {
        const { commitId } = await opened.newDag('exp', { branch: built }).commit(branch);
        expect(opened.getCommit('side').commitId, built).toBe(commitId);
        expect(opened.getCommit('side~1').commitId, built).toBe(at);
        at = commitId;
      }
      const deleted = opened.deleteDag('exp', { branch: 'heads/side' });
      expect(opened.getCommit('side').commitId).toBe(deleted.commitId);
      const restored = opened.restoreDag('exp', 'side~1', { branch: 'refs/heads/side' });
      expect(() => opened.newDag('exp', { branch: 'heads/none' })).toThrow(
        expect.objectContaining({ code: 'ref_name_invalid', detail: 'reserved' }),
      );
      const heads = opened.heads().map(({ name }) => name);
      expect(heads).toEqual(['main', 'side']);
      expect(opened.getCommit('side').commitId).toBe(restored.commitId);
    } finally {
      await opened.close();
    }
    await repository.plant(headRef('side'), first.commitId);
  });

  it('of a dag of the current branch stands for the dag, unless a ref has it [DML-REP-0006]', async () => {
    await expectObject('exp', 'dag', second.dagId);
    await repository.ok('branch', 'exp', first.commitId);
    await expectCommit('exp', first.commitId);
    await repository.ok('branch', '--delete', 'exp');
    await repository.ok('switch', 'side');
    await expectObject('exp', 'dag', first.dagId);
    await repository.ok('switch', 'main');
  });

  it('that begins an id stands for the object, unless a ref or a dag has it [DML-REP-0007]', async () => {
    for (const digits of [8, 12, 63]) await expectCommit(first.commitId.slice(0, digits), first.commitId);
    await expectObject(second.dagId.slice(0, 12).toUpperCase(), 'dag', second.dagId);
    const digits = first.commitId.slice(0, 12);
    await withDag(digits, async (dagId) => await expectObject(digits, 'dag', dagId));
    await expectCommit(digits, first.commitId);
  });

  it('with steps stands for a first parent of what the rest stands for [DML-REP-0008]', async () => {
    for (const base of ['main', 'HEAD', 'refs/heads/main', second.commitId, second.commitId.slice(0, 12)])
      for (const steps of ['~', '~1', '~0~1', '~1~0']) await expectCommit(base + steps, first.commitId);
    await expectCommit('origin/main~0', first.commitId);
    await expectCommit(`${UUID}~0`, first.commitId);
    await expectCommit('main~0', second.commitId);
    for (const name of ['main~2', 'origin/main~1', 'main~999999999']) {
      await expectUnknown(name, 'history');
    }
  });

  it('that is the SHA-256 of a file, or begins it, stands for the blob [DML-REP-0009]', async () => {
    for (const [text, node] of [
      [LARGE, 'exp#large'],
      [SMALL, 'exp#small'],
    ] as const) {
      const sha256 = createHash('sha256').update(text).digest('hex');
      const { datumId } = await repository.json<{ datumId: string }>('show', node);
      for (const name of [
        sha256,
        sha256.slice(0, 12),
        sha256.slice(0, 7),
        sha256.slice(0, 12).toUpperCase(),
      ]) {
        await expectObject(name, 'datum', datumId);
        expect(await repository.ok('cat', name)).toBe(text);
      }
    }
  });

  it('with a path stands for a member of the value of a dag, node or datum [DML-REP-0010]', async () => {
    const { datumId } = await repository.json<{ datumId: string }>('show', 'exp#model');
    for (const base of ['exp#model', 'main:exp#model', 'HEAD:exp#model', datumId, datumId.slice(0, 12)])
      await expectValue(`${base}.name`, 'tree');
    for (const base of ['exp', 'main:exp', second.dagId, 'HEAD~0:exp', 'main'])
      await expectValue(`${base}.plot`, 'a plot');
    expect(await repository.refusal(3, ['cat', 'exp.plto'])).toBe(
      'dml: nothing here is named "exp.plto": the value of exp has no member "plto"\n' +
        'hint: did you mean: plot? "dml cat exp" prints the value\n',
    );
    await expectUnknown('exp.plto', 'member');
  });

  it('leads by keys of maps and by indices of lists [DML-REP-0011]', async () => {
    await expectValue('exp#model.weights[0]', 0.5);
    await expectValue('exp#model.weights[1].bias', 7);
    await expectValue('exp#model["weights"][1]["bias"]', 7);
    await expectValue('exp["with \\"quotes\\" [0]"]', 9);
    await expectValue('exp.list[0][1]', 2);
    await expectValue('exp.list[1]', [3]);
    await expectValue('exp.deep.map', { key: true });
    for (const member of ['list[2]', 'list[-1]', 'list.0', 'list["0"]', 'deep[0]', 'plot.x'])
      await repository.refusal(3, ['cat', `exp.${member}`]);
  });

  it('takes the longest key that leads on [DML-REP-0012]', async () => {
    await expectValue('exp#model.a.b', { c: 1 });
    await expectValue('exp#model.a.b.c', 1);
    await expectValue('exp#model["a"].b.c', 2);
    await expectValue('exp#model["a.b"].c', 1);
  });

  it('of a member that is no object of its own is shown with the datum that holds it [DML-CLI-1703]', async () => {
    for (const [name, holder] of [
      ['exp.plot', 'exp'],
      ['exp.list[0][1]', 'exp.list[0]'],
      ['exp#model.weights[0]', 'exp#model.weights'],
    ] as const) {
      const shown = await repository.json<{ holderId: string }>('show', name);
      expect(shown, name).toMatchObject({ class: 'datum', objectId: null });
      expect(await repository.ok('show', name)).toMatch(new RegExp(`^datum in ${shown.holderId}\nkind `));
      expect(await api((opened) => opened.read(shown.holderId)), name).toEqual(
        await api((opened) => opened.read(holder)),
      );
    }
    expect(await repository.json('show', 'exp.list')).toMatchObject({ objectId: expect.any(String) });
  });

  it('selects a member of the value of a node behind # [DML-REP-0013]', async () => {
    await expectValue('exp#dotted.name', { x: 3 });
    await expectValue('exp#dotted.name.x', 3);
    await expectValue('exp#root.plot', 'a plot');
    await expectUnknown('exp#nothing.here', 'node');
  });

  it('selects a member of the root behind # where no node has the name [DML-REP-0038]', async () => {
    await expectValue('exp#plot', 'a plot');
    await expectValue('exp#deep.map.key', true);
    await expectValue('exp#["with \\"quotes\\" [0]"]', 9);
    await expectValue('main:exp#list[0][0]', 1);
    await expectUnknown('exp#plto', 'node');
  });

  it('with more steps back than there are is refused where a branch is wanted too [DML-REP-0022]', async () => {
    for (const argv of ['switch main~9', 'branch --delete main~9', 'merge main~9 main'].map(words))
      expect(await repository.error(3, argv)).toMatchObject({
        code: 'unknown_name',
        detail: 'history',
        hint: '"dml log main" lists its commits',
      });
  });

  it('of a commit is no branch, and how one is made there is said [DML-REP-0021] [DML-CLI-1500]', async () => {
    for (const name of [
      'main~1',
      'origin/main',
      first.commitId,
      first.commitId.slice(0, 12),
      `refs/index/${UUID}`,
    ])
      for (const argv of [`switch ${name}`, `branch --delete ${name}`, `merge ${name} main`].map(words)) {
        expect(await repository.error(2, argv), argv.join(' ')).toMatchObject({
          code: 'wrong_class',
          detail: 'no_branch',
          hint: expect.stringMatching(
            /^"dml branch <name> \S+" makes a branch there, "dml switch <name>" goes to it$/,
          ),
        });
      }
    expect((await repository.json<{ branch: string }>('status')).branch).toBe('main');
  });
});
