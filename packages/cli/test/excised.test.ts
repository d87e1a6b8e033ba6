import { type ObjectClass, sha256Hex } from '@daggerml/object-model';
import { applyExcision, planExcision, type Store } from '@daggerml/store';
import { beforeEach, describe, expect, it } from 'vitest';
import { type RunDocument, TestRepository, words } from './test-repository.ts';

let repository: TestRepository;
let middle: RunDocument;
beforeEach(async () => {
  repository = await TestRepository.create();
  await repository.run('sums');
  middle = await repository.run('report');
  await repository.run('values');
});

/** Excises an object that `find` picks and yields its id. */
async function excise(objectClass: ObjectClass, find: (store: Store) => string): Promise<string> {
  return repository.withStore(async (store) => {
    const objectId = find(store);
    const plan = await planExcision(store, {
      objects: [{ class: objectClass, objectId: objectId as never }],
    });
    applyExcision(store, plan, { reason: 'secret', message: 'it held a key', actor: 'ada' });
    return objectId;
  }, 'write');
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there');
  return value;
}

function nodeNamed(store: Store, dagId: string, name: string): string {
  const dag = must(store.getRecord('dag', dagId as never));
  const names = dag.names as readonly (readonly [string, string])[];
  return must(names.find(([each]) => each === name))[1];
}

/** What every repository still does, whatever was excised. */
async function expectHealthy(): Promise<void> {
  expect((await repository.dml(['gc', '--dry-run'])).exitCode).toBe(0);
  expect((await repository.dml(['gc'])).exitCode).toBe(0);
  expect(await repository.ok('verify')).toMatch(/nothing is damaged\n$/);
  expect((await repository.dml(['status'])).exitCode).toBe(0);
}

const EXCISED =
  /^dml: the (\w+) [0-9a-f]{12} was excised by ada: secret – it held a key\nhint: its bytes were taken out on purpose/;

describe('after an excision', () => {
  it('log ends at an excised commit with the reason [DML-CLI-0826]', async () => {
    const commitId = await excise('commit', () => middle.commitId);
    const lines = await repository.json<object[]>('log');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({ commitId, excised: { actor: 'ada', reason: 'secret' } });
    expect(await repository.ok('log')).toMatch(
      /\n\ncommit [0-9a-f]{64}\nexcised by ada, .*, and with it what came before\n\n {4}secret: it held a key\n$/,
    );
    for (const argv of ['show HEAD~1', 'show HEAD~2', 'branch back HEAD~1', `show ${commitId}`].map(words)) {
      expect(await repository.refusal(10, argv)).toMatch(EXCISED);
    }
    await expectHealthy();
    expect((await repository.run('sums')).counts).toMatchObject({ executed: 0, cached: 2 });
  });

  it('every command that goes through a history ends it there', async () => {
    // A branch that has the commit, but none of those after it.
    await repository.ok('branch', 'side', middle.commitId);
    await repository.ok('switch', 'side');
    const side = await repository.run('raw');
    for (const name of ['side2', 'side3']) await repository.ok('branch', name);
    await repository.ok('switch', 'main');
    await excise('commit', () => middle.commitId);
    const head = (await repository.json<{ commitId: string }[]>('log'))[0]?.commitId;
    expect(await repository.json('table', 'report')).toMatchObject({ runs: [{ commitId: head }] });
    expect(await repository.json('stats')).toMatchObject({ commits: 1 });
    expect(await repository.json('why', 'report#root')).toMatchObject({
      madeInCommitId: head,
      commitsSince: 0,
    });
    expect(await repository.json('why', 'report')).toMatchObject({ madeInCommitId: head, kept: 0 });
    const { calls } = await repository.json<{ calls: { commitId: string }[] }>('who', 'report#root');
    expect(calls.map(({ commitId }) => commitId).sort()).toEqual([head, side.commitId].sort());
    expect((await repository.json('show', 'report')).objectId).toBe(middle.dagId);
    expect(await repository.json('forget', '--keep', '1')).toMatchObject({
      ...{ keptCommits: 1, forgottenCommits: 0, fromCommitId: head, commitId: head },
    });
    await repository.run('clock');
    expect(await repository.json('forget', '--keep', '1')).toMatchObject({
      ...{ keptCommits: 1, forgottenCommits: 1, keepers: [] },
    });
    await expectHealthy();
  });

  it.each([
    ['dag', () => middle.dagId],
    ['tree', (store: Store) => must(store.getRecord('commit', middle.commitId as never)).treeId],
    ['node', (store: Store) => must(store.getRecord('dag', middle.dagId as never)).rootNodeId],
    [
      'datum',
      (store: Store) =>
        (
          must(store.getRecord('node', nodeNamed(store, middle.dagId, 'source') as never)) as unknown as {
            datumId: string;
          }
        ).datumId,
    ],
    ['chunk', () => sha256Hex(Buffer.from('some text\n'))],
  ] as const)(
    'commands name an excised %s and its reason, and the rest still works [DML-CLI-0827]',
    async (objectClass, find) => {
      const objectId = await excise(objectClass, find);
      const needing = [
        ['show', objectId],
        ['show', objectClass === 'tree' ? 'HEAD~1' : 'report'],
      ];
      // The only chunk of a file has the hash of the file.
      const ofChunk = [objectId, 'report#source'].map((name) => ['cat', name]);
      for (const argv of objectClass === 'chunk'
        ? [...ofChunk, ['export', 'report#source', 'out']]
        : needing) {
        const stderr = await repository.refusal(10, argv);
        expect(EXCISED.exec(stderr)?.[1]).toBe(objectClass);
      }
      expect((await repository.dml(['log'])).exitCode).toBe(0);
      await expectHealthy();
      expect((await repository.dml(['show', 'sums'])).exitCode).toBe(0);
    },
  );

  it('a call whose exec was excised runs anew', async () => {
    await excise('exec', (store) => {
      const dag = must(store.getRecord('dag', middle.dagId as never));
      const pins = must(store.getRecord('commit', middle.commitId as never)).pins as unknown as readonly [
        string,
        string,
      ][];
      return must(pins.find(([nodeId]) => nodeId === dag.rootNodeId))[1];
    });
    expect((await repository.dml(['show', 'report'])).stderr).toMatch(EXCISED);
    expect((await repository.run('report')).counts).toMatchObject({ executed: 1, cached: 1, failed: 0 });
    expect((await repository.dml(['show', 'report'])).exitCode).toBe(0);
    await expectHealthy();
  });
});
