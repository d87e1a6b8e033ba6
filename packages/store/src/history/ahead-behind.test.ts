import type { CommitId } from '@daggerml/object-model';
import { seededNumbers } from '@daggerml/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryGraph, randomGraph, reachable } from '../../test/history/random-graph.ts';
import { aheadBehind } from './ahead-behind.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

function byDefinition(graph: MemoryGraph, ours: CommitId, theirs: CommitId): object {
  const [left, right] = [reachable(graph, ours), reachable(graph, theirs)];
  return {
    ahead: [...left].filter((commitId) => !right.has(commitId)).length,
    behind: [...right].filter((commitId) => !left.has(commitId)).length,
  };
}

describe('aheadBehind', () => {
  it('counts what each side alone has, also under equal times and clocks that are off [DML-CLI-2050]', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0, 50, 1000),
        (seed, size, skew) => {
          const next = seededNumbers(seed);
          const graph = randomGraph(next, size, skew);
          const ours = graph.id(`c${next(size)}`);
          const theirs = graph.id(`c${next(size)}`);
          expect(aheadBehind(graph, ours, theirs)).toEqual(byDefinition(graph, ours, theirs));
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ['c4999', 'c4998', 1, 0],
    ['c4990', 'c4999', 0, 9],
    ['own', 'c4999', 2, 4],
    ['c4999', 'c4999', 0, 0],
    ['c4999', 'other', 5_000, 1],
  ])('reads what differs and little before that: %s and %s [DML-CLI-2053]', (ours, theirs, ahead, behind) => {
    const graph = new MemoryGraph();
    const minuteMs = 60_000;
    graph.add('c0', [], 0);
    for (let index = 1; index < 5_000; index += 1)
      graph.add(`c${index}`, [`c${index - 1}`], index * minuteMs);
    graph.add('first', ['c4995'], 5_000 * minuteMs);
    graph.add('own', ['first'], 5_001 * minuteMs);
    graph.add('other', [], 5_002 * minuteMs);
    graph.reads = 0;
    expect(aheadBehind(graph, graph.id(ours), graph.id(theirs))).toEqual({ ahead, behind });
    // Two reads for each of them and of those of an hour before.
    expect(graph.reads).toBeLessThan(2 * (ahead + behind + 70));
  });
});
