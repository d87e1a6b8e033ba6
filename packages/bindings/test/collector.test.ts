import { type CallOutcome, type RunEvent, RunObjects } from '@daggerml/execution';
import { decodeRecord, type ObjectLink, recordLinks } from '@daggerml/object-model';
import { storePath } from '@daggerml/repository';
import { blob } from '@daggerml/values';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Dag } from '../src/dag.ts';
import { definePipeline } from '../src/pipeline.ts';
import { Child } from './child.ts';
import { Project } from './project.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

/**
 * What another process does before a run, in turn: takes away what the run could be answered with; leaves that, but
 * nothing that keeps it; moves refs and collects all the while.
 */
const TURNS = ['collected', 'moved', 'raced', 'raced'] as const;
const ROUNDS: number = (process.env.DML_TEST_ROUNDS === 'full' ? 5 : 2) * TURNS.length;
let project: Project;

beforeAll(async () => {
  project = await Project.create({ workers: 1 });
});

/** What a commit reaches that is not there. */
function missingFrom(commitId: string): string[] {
  const { store } = project.repository;
  const missing: string[] = [];
  const seen = new Set<string>();
  const open: ObjectLink[] = [{ objectClass: 'commit', id: commitId as never }];
  for (let link = open.pop(); link; link = open.pop()) {
    if (seen.has(link.id)) continue;
    seen.add(link.id);
    const bytes = store.get(link.objectClass, link.id);
    if (!bytes) missing.push(`${link.objectClass} ${link.id}`);
    else if (link.objectClass !== 'chunk') open.push(...recordLinks(decodeRecord(bytes, link.objectClass)));
  }
  return missing;
}

/**
 * A call that the anchor keeps, some that are known from earlier runs, if nothing took them, and one that is new
 * in each round.
 */
const pipelineOf = (round: number) =>
  definePipeline(`work ${round % 3}`, (dag: Dag) => {
    const { steps } = project;
    const known = [1, 2, 3].map((index) => dag.call(steps.table, index));
    const paired = dag.call(steps.pair, known, dag.literal(blob('text '.repeat(30_000))));
    const sum = dag.call(steps.add, dag.call(steps.add, round % 2, 1), 1);
    dag.name('random', dag.call(steps.random, round));
    const kept = dag.call(keptCall(), 'kept');
    return {
      known,
      paired,
      sum,
      kept,
      items: Array.from({ length: 300 }, (_, index) => [index, `${round % 4}`]),
    };
  });

const keptCall = () => project.steps.pair.with({ label: 'kept' });

describe('runs beside a process that collects garbage and moves refs', () => {
  it('commit and return nothing of which a part is gone [DML-EXE-0722]', async () => {
    const { repository } = project;
    const anchor = repository.newDag('anchor', { branch: 'anchor' });
    const { commitId } = await anchor.commit(anchor.call(keptCall(), 'kept'));
    repository.store.updateRef({
      ref: repository.store.head(),
      expected: null,
      next: commitId,
      actor: 'tester',
      reason: 'begin',
    });
    const collector = await Child.start('collector.child.ts', [storePath(project.folder)]);
    const known = Array.from({ length: 4 }, (_, index) => (index === 3 ? 'pair' : 'table'));
    for (let round = 0; round < ROUNDS; round += 1) {
      const turn = TURNS[round % TURNS.length];
      if (turn === 'raced') await collector.ask('race');
      else {
        await collector.ask('move');
        expect(repository.head.commitId).toBe(commitId);
      }
      if (turn === 'collected') {
        // A run holds what it came to until the next one begins.
        await repository.newDag('between', { branch: 'between' }).commit(round);
        if (round > 0) expect(await collector.ask('collect')).not.toEqual({ swept: 0 });
      }
      const ended: { name: string; outcome: CallOutcome }[] = [];
      const onEvent = (event: RunEvent): void => {
        if (event.type === 'call-finished') ended.push(event);
      };
      const { commit, dag } = await repository.run(pipelineOf(round), { onEvent });
      const outcomesOf = (...names: string[]): CallOutcome[] =>
        ended.filter((call) => names.includes(call.name)).map(({ outcome }) => outcome);
      expect([round, outcomesOf('kept'), outcomesOf('random')]).toEqual([round, ['cached'], ['executed']]);
      const expected = known.map(() => (turn === 'moved' ? 'cached' : 'executed'));
      if (turn !== 'raced') expect([round, outcomesOf('table', 'pair')]).toEqual([round, expected]);
      else expect(await collector.ask('rest')).not.toEqual({ collections: 0 });
      expect([round, missingFrom(commit.commitId)]).toEqual([round, []]);
      expect(await dag.root.value()).toMatchObject({ sum: (round % 2) + 2, known: { 2: { rows: 3 } } });
      expect(new RunObjects(repository.store).get('commit', commit.commitId)).toBeDefined();
    }
    expect((await collector.end()).exitCode).toBe(0);
    expect(await project.findings()).toEqual([]);
  });
});
