import type { CommitId } from '@daggerml/object-model';
import { seededNumbers } from '@daggerml/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryGraph, randomGraph, reachable } from '../../test/history/random-graph.ts';
import { isAncestor, mergeBases, relateCommits } from './merge-base.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

/** By the definition: common ancestors that no other common ancestor descends from. */
function basesByDefinition(graph: MemoryGraph, ours: CommitId, theirs: CommitId): CommitId[] {
  const left = reachable(graph, ours);
  const common = [...reachable(graph, theirs)].filter((commitId) => left.has(commitId));
  return common
    .filter((one) => !common.some((other) => other !== one && reachable(graph, other).has(one)))
    .sort();
}

describe('mergeBases', () => {
  it('yields exactly the best common ancestors, also under skewed clocks [DML-STO-0606]', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 2, max: 40 }),
        fc.constantFrom(0, 50, 1000),
        (seed, size, skew) => {
          const next = seededNumbers(seed);
          const graph = randomGraph(next, size, skew);
          const ours = graph.id(`c${next(size)}`);
          const theirs = graph.id(`c${next(size)}`);
          expect(mergeBases(graph, ours, theirs)).toEqual(basesByDefinition(graph, ours, theirs));
          expect(isAncestor(graph, ours, theirs)).toBe(reachable(graph, theirs).has(ours));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('yields both bases of a criss-cross merge', () => {
    const graph = new MemoryGraph();
    graph.add('root');
    graph.add('a1', ['root']);
    graph.add('b1', ['root']);
    graph.add('a2', ['a1', 'b1']);
    graph.add('b2', ['b1', 'a1']);
    expect(graph.labels(mergeBases(graph, graph.id('a2'), graph.id('b2'))).sort()).toEqual(['a1', 'b1']);
  });

  it('reads the divergent part only, not the shared history [DML-STO-0607]', () => {
    const graph = new MemoryGraph();
    graph.add('c0');
    for (let index = 1; index < 5_000; index += 1) graph.add(`c${index}`, [`c${index - 1}`]);
    graph.add('theirs', ['c4000']);
    graph.reads = 0;
    expect(graph.labels(mergeBases(graph, graph.id('c4999'), graph.id('theirs')))).toEqual(['c4000']);
    // Two reads for each of the 1,000 commits that one side alone has.
    expect(graph.reads).toBeLessThan(2_020);
  });
});

describe('relateCommits', () => {
  it('names each relation of two commits', () => {
    const graph = new MemoryGraph();
    graph.add('root');
    graph.add('left', ['root']);
    graph.add('right', ['root']);
    graph.add('alone');
    const relate = (a: string, b: string) => relateCommits(graph, graph.id(a), graph.id(b));
    expect(relate('left', 'left')).toBe('same');
    expect(relate('root', 'left')).toBe('behind');
    expect(relate('left', 'root')).toBe('ahead');
    expect(relate('left', 'right')).toBe('diverged');
    expect(relate('left', 'alone')).toBe('unrelated');
  });
});
