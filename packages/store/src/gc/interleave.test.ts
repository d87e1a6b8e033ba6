import type { CommitId, DagId } from '@daggerml/object-model';
import { rounds, seededNumbers } from '@daggerml/testkit';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeEnvironment, openFixture, setRef } from '../../test/fixture-store.ts';
import { brokenClosures, danglingObjects } from '../../test/gc/closure.ts';
import { type Actor, actorOf, actorOfGenerator, exploreAll, runSchedule } from '../../test/gc/schedule.ts';
import { putCommit, putDag, putLiteral, putText, putTextDag } from '../../test/records.ts';
import { TABLE_NAMES } from '../engine/tables.ts';
import type { Store } from '../store.ts';
import type { ChangeWatch } from './change-watch.ts';
import { collectSteps, type WatchFactory } from './collect.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

/** The red fixture: a sweep that believes nothing has changed since the roots were read. */
const noFence: WatchFactory = (): ChangeWatch => ({ isBehind: () => false, catchUp: () => {} });

interface World {
  readonly collector: Store;
  readonly writer: Store;
  readonly other: Store;
  garbageDag: DagId;
  garbageCommit: CommitId;
  mainCommit: CommitId;
  anchorCommit: CommitId;
}

let world: World;

beforeEach(async () => {
  const collector = await openFixture(fakeEnvironment(1));
  const writer = await openFixture(fakeEnvironment(2), collector.path);
  const other = await openFixture(fakeEnvironment(3), collector.path);
  world = { collector, writer, other } as World;
});

/** Empties the store and fills it again: `main` with one dag, and a commit with another that nothing keeps. */
function resetWorld(): void {
  const { collector, writer, other } = world;
  collector.transact('reset', (transaction) => {
    transaction.setMeta('gc', '');
    for (const table of TABLE_NAMES)
      if (table !== 'meta' && table !== 'sessions') transaction.engine.tables[table].clearSync();
  });
  writer.transact('fill', (transaction) => {
    world.garbageDag = putTextDag(transaction, 'garbage');
    world.garbageCommit = putCommit(transaction, { dags: { g: world.garbageDag } });
    world.anchorCommit = putCommit(transaction, { message: 'anchor' });
    world.mainCommit = putCommit(transaction, { dags: { m: putTextDag(transaction, 'main') } });
  });
  setRef(writer, 'main', world.mainCommit);
  setRef(writer, 'anchor', world.anchorCommit);
  writer.checkpoint();
  other.checkpoint();
}

/** Work of writers during a collection, each as the steps other processes can come between. */
const SCENARIOS: Readonly<Record<string, () => (() => void)[]>> = {
  'puts again, piece by piece, what is garbage, and references it': () => {
    const { writer } = world;
    let dagId: DagId;
    let commitId: CommitId;
    return [
      () => {
        dagId = writer.transact('w1', (transaction) => putTextDag(transaction, 'garbage'));
      },
      () => {
        commitId = writer.transact('w2', (transaction) => putCommit(transaction, { dags: { a: dagId } }));
      },
      () => setRef(writer, 'work', commitId),
      () => writer.checkpoint(),
    ];
  },
  'retains a garbage dag it knows by id, then builds upon it': () => {
    const { writer, garbageDag } = world;
    let retained = false;
    let commitId: CommitId | undefined;
    return [
      () => {
        retained = writer.transact('w1', (transaction) => transaction.retain('dag', garbageDag));
      },
      () => {
        const dags = { a: garbageDag };
        if (retained) commitId = writer.transact('w2', (transaction) => putCommit(transaction, { dags }));
      },
      () => {
        if (commitId !== undefined) setRef(writer, 'work', commitId);
      },
      () => writer.checkpoint(),
    ];
  },
  'makes a branch of a garbage commit it knows by id': () => [
    () => {
      try {
        setRef(world.writer, 'revived', world.garbageCommit);
      } catch (error) {
        expect((error as { code?: string }).code).toBe('ref_target_missing');
      }
    },
  ],
  'moves a commit from one ref to another': () => {
    const { writer, mainCommit } = world;
    return [
      () => writer.transact('w1', (transaction) => void transaction.retain('commit', mainCommit)),
      () => setRef(writer, 'main', null),
      () => setRef(writer, 'back', mainCommit),
      () => writer.checkpoint(),
    ];
  },
  'writes parents before their children, as an import does': () => {
    const { writer } = world;
    const later: { objectClass: 'commit' | 'tree' | 'dag' | 'node' | 'datum'; bytes: Uint8Array }[] = [];
    const collect = {
      put: (objectClass: never, bytes: Uint8Array) => void later.unshift({ objectClass, bytes }),
    };
    const dagId = putDag(collect, putLiteral(collect, putText(collect, 'garbage')), {});
    const commitId = putCommit(collect, { dags: { imported: dagId }, message: 'imported' });
    const putRange = (from: number, to: number) => () =>
      writer.transact('w', (transaction) => {
        for (const { objectClass, bytes } of later.slice(from, to)) transaction.put(objectClass, bytes);
      });
    return [putRange(0, 2), putRange(2, 3), putRange(3, 5), () => setRef(writer, 'imported', commitId)];
  },
};

function collectorActor(watch?: WatchFactory): Actor {
  return actorOfGenerator(collectSteps(world.collector, { sliceObjects: 3 }, watch));
}

/** Only a step of the collector can break what was whole. */
function assertWhole(trace: readonly number[]): void {
  if (trace.at(-1) !== 0) return;
  const broken = brokenClosures(world.collector);
  if (broken.length > 0) throw new Error(`schedule ${trace.join('')} lost ${broken.join(', ')}`);
}

describe('a collection with concurrent writers', () => {
  for (const [name, steps] of Object.entries(SCENARIOS)) {
    it(`loses nothing in any order when a writer ${name} [DML-STO-0734]`, () => {
      const schedules = exploreAll(
        () => {
          resetWorld();
          return [collectorActor(), actorOf(steps())];
        },
        assertWhole,
        5_000,
      );
      expect(schedules).toBeGreaterThanOrEqual(8);
      expect(danglingObjects(world.collector)).toEqual([]);
    });
  }

  it('is seen to lose objects by the same exploration when the fence is gone', () => {
    const caught: string[] = [];
    for (const [name, steps] of Object.entries(SCENARIOS)) {
      try {
        exploreAll(
          () => {
            resetWorld();
            return [collectorActor(noFence), actorOf(steps())];
          },
          assertWhole,
          5_000,
        );
      } catch (error) {
        expect((error as Error).message).toMatch(/^schedule [01]+ lost /);
        caught.push(name);
      }
    }
    expect(caught.length).toBeGreaterThanOrEqual(4);
  });

  it('loses nothing in random orders of two writers and long scripts [DML-STO-0734]', () => {
    for (let seed = 1; seed <= rounds(50, 150); seed += 1) {
      const next = seededNumbers(seed);
      resetWorld();
      const script = (store: Store, label: string): (() => void)[] => {
        let commitId: CommitId | undefined;
        return Array.from({ length: 12 }, () => {
          const choice = next(6);
          const text = `text ${next(4)}`;
          return () => {
            if (choice === 0) store.checkpoint();
            else if (choice === 1 && commitId !== undefined) {
              const known = commitId;
              if (store.transact('retain', (transaction) => transaction.retain('commit', known)))
                setRef(store, label, known);
              else commitId = undefined;
            } else if (choice === 2) setRef(store, label, null);
            else
              store.transact('put', (transaction) => {
                const parent = transaction.getRef(`refs/heads/${label}` as never)?.commitId;
                commitId = putCommit(transaction, {
                  dags: { a: putTextDag(transaction, text) },
                  parents: parent === undefined ? [] : [parent],
                });
              });
          };
        });
      };
      const actors = [
        collectorActor(),
        actorOf(script(world.writer, 'one')),
        actorOf(script(world.other, 'two')),
      ];
      runSchedule(
        actors,
        (alive) => alive[next(alive.length)] as number,
        (trace) => {
          const broken = brokenClosures(world.collector);
          expect(broken, `seed ${seed}, schedule ${trace.join('')}`).toEqual([]);
        },
      );
      expect(danglingObjects(world.collector), `seed ${seed}`).toEqual([]);
    }
  });
});
