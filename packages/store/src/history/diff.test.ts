import { buildTree, type DagId, type ExecId, type NodeId } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { openFixture } from '../../test/fixture-store.ts';
import {
  pagesOf,
  putCommit,
  putExec,
  putLiteral,
  putRecord,
  putText,
  putTextDag,
} from '../../test/records.ts';
import { diffCommits } from './diff.ts';

describe('diffCommits', () => {
  it('lists dags added, removed and changed in the order of names [DML-STO-0651]', async () => {
    const store = await openFixture();
    store.transact('test', (transaction) => {
      const dag = (text: string): DagId => putTextDag(transaction, text);
      const before = putCommit(transaction, { dags: { same: dag('s'), z: dag('1'), gone: dag('g') } });
      const after = putCommit(transaction, { dags: { same: dag('s'), z: dag('2'), a: dag('new') } });
      expect([...diffCommits(store, before, after).dags]).toEqual([
        { kind: 'added', name: 'a', after: dag('new') },
        { kind: 'removed', name: 'gone', before: dag('g') },
        { kind: 'changed', name: 'z', before: dag('1'), after: dag('2') },
      ]);
      expect([...diffCommits(store, undefined, after).dags].map((change) => change.kind)).toEqual([
        'added',
        'added',
        'added',
      ]);
    });
  });

  it('lists pins added, removed and changed by node [DML-STO-0652]', async () => {
    const store = await openFixture();
    store.transact('test', (transaction) => {
      const node = (text: string): NodeId => putLiteral(transaction, putText(transaction, text));
      const exec = (nodeId: NodeId, startedMs: number): ExecId =>
        putExec(transaction, nodeId, putTextDag(transaction, 'r'), startedMs);
      const [n1, n2, n3] = [node('1'), node('2'), node('3')];
      const before = putCommit(transaction, { pins: { [n1]: exec(n1, 1), [n2]: exec(n2, 1) } });
      const after = putCommit(transaction, { pins: { [n1]: exec(n1, 2), [n3]: exec(n3, 1) } });
      const changes = [...diffCommits(store, before, after).pins];
      expect(changes).toHaveLength(3);
      expect(changes).toEqual(
        expect.arrayContaining([
          { kind: 'changed', nodeId: n1, before: exec(n1, 1), after: exec(n1, 2) },
          { kind: 'removed', nodeId: n2, before: exec(n2, 1) },
          { kind: 'added', nodeId: n3, after: exec(n3, 1) },
        ]),
      );
    });
  });

  it('does not read the pages both commits share [DML-STO-0653]', async () => {
    const store = await openFixture();
    let commits: [string, string] = ['', ''];
    store.transact('test', (transaction) => {
      const pages = pagesOf(transaction);
      const dagId = putTextDag(transaction, 'x');
      const names = Array.from({ length: 20_000 }, (_, index) => `name ${String(index).padStart(6, '0')}`);
      const treeOf = (except: number) =>
        putRecord<never>(transaction, {
          type: 'tree',
          dags: buildTree(
            'dags',
            names.filter((_, index) => index !== except).map((name) => [name, dagId] as const),
            pages,
          ),
        });
      commits = [
        putCommit(transaction, { treeId: treeOf(-1) }),
        putCommit(transaction, { treeId: treeOf(7_777) }),
      ];
    });
    let reads = 0;
    const counting = {
      get: (objectClass: 'page', id: never) => {
        reads += 1;
        return store.get(objectClass, id);
      },
      getRecord: store.getRecord.bind(store),
    };
    const changes = [...diffCommits(counting as never, commits[0] as never, commits[1] as never).dags];
    expect(changes).toEqual([{ kind: 'removed', name: 'name 007777', before: expect.any(String) }]);
    expect(reads).toBeLessThan(20);
  });
});
