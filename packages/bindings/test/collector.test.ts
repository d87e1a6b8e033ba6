import { blob, type CallOutcome, type RunEvent, RunObjects } from '@daggerml/execution';
import { decodeRecord, type ObjectLink, recordLinks } from '@daggerml/object-model';
import { verifyStore } from '@daggerml/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dag } from '../src/dag.ts';
import { storePath } from '../src/folder.ts';
import { definePipeline } from '../src/pipeline.ts';
import { Child } from './child.ts';
import { Project } from './project.ts';

/** What the test is about has to happen so often; how many rounds that takes depends on the machine. */
const ENOUGH = 4;
const MIN_ROUNDS = 8;
const MAX_ROUNDS = 400;
let project: Project;

beforeAll(async () => {
  project = await Project.create({ workers: 1 });
});
afterAll(() => project.close());

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
    // Answers by an exec that nothing kept when the run began, calls whose exec was swept, bases moved away.
    const tallies = { raced: 0, swept: 0, moved: 0 };
    const isEnough = (): boolean => Math.min(...Object.values(tallies)) >= ENOUGH;
    let round = 0;
    for (; round < MIN_ROUNDS || (round < MAX_ROUNDS && !isEnough()); round += 1) {
      const isMoved = round > 0 && repository.head.commitId === commitId;
      if (isMoved) tallies.moved += 1;
      const ended: { name: string; outcome: CallOutcome }[] = [];
      const onEvent = (event: RunEvent): void => {
        if (event.type === 'call-finished') ended.push(event);
      };
      const { commit, dag } = await repository.run(pipelineOf(round), { onEvent });
      const outcomesOf = (name: string) =>
        ended.filter((call) => call.name === name).map(({ outcome }) => outcome);
      expect([round, outcomesOf('kept'), outcomesOf('random')]).toEqual([round, ['cached'], ['executed']]);
      for (const { name, outcome } of ended) {
        if (outcome === 'cached' && isMoved && name !== 'kept') tallies.raced += 1;
        if (outcome === 'executed' && round > 0 && name !== 'random') tallies.swept += 1;
      }
      expect([round, missingFrom(commit.commitId)]).toEqual([round, []]);
      expect(await dag.root.value()).toMatchObject({ sum: (round % 2) + 2, known: { 2: { rows: 3 } } });
      expect(new RunObjects(repository.store).get('commit', commit.commitId)).toBeDefined();
    }
    const { exitCode, lines } = await collector.end();

    expect(exitCode).toBe(0);
    for (const [name, tally] of Object.entries(tallies))
      expect(tally, `${name} in ${round} rounds`).toBeGreaterThanOrEqual(ENOUGH);
    const [done] = lines as [Record<'collections' | 'swept' | 'moved' | 'pruned', number>];
    expect(Math.min(done.collections, done.moved)).toBeGreaterThanOrEqual(ENOUGH);
    expect(done.swept).toBeGreaterThan(300);
    const findings: unknown[] = [];
    await verifyStore(repository.store, { onFinding: (finding) => findings.push(finding) });
    expect(findings).toEqual([]);
  });
});
