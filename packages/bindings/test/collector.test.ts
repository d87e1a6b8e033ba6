import { blob, RunObjects } from '@daggerml/execution';
import { decodeRecord, type ObjectLink, recordLinks } from '@daggerml/object-model';
import { verifyStore } from '@daggerml/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dag } from '../src/dag.ts';
import { storePath } from '../src/folder.ts';
import { definePipeline } from '../src/pipeline.ts';
import { Child } from './child.ts';
import { Project } from './project.ts';

const RUNS = 12;
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

/** Some calls that are known from earlier runs, if nothing took them, and some that are new in each round. */
const pipelineOf = (round: number) =>
  definePipeline(`work ${round % 3}`, (dag: Dag) => {
    const { steps } = project;
    const known = [1, 2, 3].map((index) => dag.call(steps.table, index));
    const paired = dag.call(steps.pair, known, dag.literal(blob('text '.repeat(30_000))));
    const sum = dag.call(steps.add, dag.call(steps.add, round % 2, 1), 1);
    dag.name('random', dag.call(steps.random, round));
    return { known, paired, sum, items: Array.from({ length: 300 }, (_, index) => [index, `${round % 4}`]) };
  });

describe('runs beside a process that collects garbage and moves refs', () => {
  it('commit and return nothing of which a part is gone [DML-EXE-0722]', async () => {
    const { repository } = project;
    const { commitId } = await repository.newDag('anchor', { branch: 'anchor' }).commit('stays');
    repository.store.updateRef({
      ref: repository.store.head(),
      expected: null,
      next: commitId,
      actor: 'tester',
      reason: 'begin',
    });
    const collector = await Child.start('collector.child.ts', [storePath(project.folder)]);
    const tallies = { executed: 0, cached: 0 };
    for (let round = 0; round < RUNS; round += 1) {
      const { commit, dag, counts } = await repository.run(pipelineOf(round));
      tallies.executed += counts.executed;
      tallies.cached += counts.cached;
      expect([round, missingFrom(commit.commitId)]).toEqual([round, []]);
      expect(await dag.root.value()).toMatchObject({ sum: (round % 2) + 2, known: { 2: { rows: 3 } } });
      expect(new RunObjects(repository.store).get('commit', commit.commitId)).toBeDefined();
    }
    const { exitCode, lines } = await collector.end();
    expect(exitCode).toBe(0);
    const [done] = lines as [Record<'collections' | 'swept' | 'moved' | 'pruned', number>];
    expect(done.collections).toBeGreaterThan(3);
    expect(done.swept).toBeGreaterThan(300);
    expect(Math.min(done.moved, tallies.executed, tallies.cached)).toBeGreaterThan(3);
    const findings: unknown[] = [];
    await verifyStore(repository.store, { onFinding: (finding) => findings.push(finding) });
    expect(findings).toEqual([]);
  });
});
