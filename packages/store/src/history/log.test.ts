import { seededNumbers } from '@daggerml/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryGraph, randomGraph, reachable } from '../../test/history/random-graph.ts';
import { logCommits } from './log.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

function diamond(): MemoryGraph {
  const graph = new MemoryGraph();
  graph.add('root');
  graph.add('left', ['root']);
  graph.add('right', ['root']);
  graph.add('merge', ['left', 'right']);
  return graph;
}

function labelsOf(graph: MemoryGraph, tip: string, options?: Parameters<typeof logCommits>[2]): string[] {
  return [...logCommits(graph, [graph.id(tip)], options)].map(
    (entry) => graph.readCommit(entry.commitId).label,
  );
}

describe('logCommits', () => {
  it('follows only first parents in first-parent order [DML-STO-0601]', () => {
    expect(labelsOf(diamond(), 'merge', { order: 'first-parent' })).toEqual(['merge', 'left', 'root']);
  });

  it('shows every commit once, newest first [DML-STO-0602]', () => {
    expect(labelsOf(diamond(), 'merge')).toEqual(['merge', 'right', 'left', 'root']);
  });

  it('never shows a parent before its child in topological order, whatever the clocks [DML-STO-0603]', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, size) => {
        const graph = randomGraph(seededNumbers(seed), size, 400);
        const tip = graph.id(`c${size - 1}`);
        const shown = [...logCommits(graph, [tip], { order: 'topological' })].map((entry) => entry.commitId);
        expect(new Set(shown)).toEqual(reachable(graph, tip));
        expect(new Set(shown).size).toBe(shown.length);
        const position = new Map(shown.map((commitId, index) => [commitId, index]));
        for (const commitId of shown)
          for (const parent of graph.readCommit(commitId).parentCommitIds)
            expect(position.get(parent)).toBeGreaterThan(position.get(commitId)!);
      }),
    );
  });

  it('leaves out the ancestors of the excepted commits in every order [DML-STO-0605]', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 40 }), (seed, size) => {
        const graph = randomGraph(seededNumbers(seed), size, 100);
        const tips = [graph.id(`c${size - 1}`), graph.id(`c${size - 2}`)];
        const except = [graph.id(`c${Math.floor(size / 2)}`)];
        const wanted = new Set(tips.flatMap((tip) => [...reachable(graph, tip)]));
        for (const hidden of reachable(graph, except[0]!)) wanted.delete(hidden);
        for (const order of ['time', 'topological'] as const) {
          const shown = [...logCommits(graph, tips, { order, except })].map((entry) => entry.commitId);
          expect(new Set(shown)).toEqual(wanted);
          expect(shown.length).toBe(wanted.size);
        }
      }),
    );
  });

  it('reads only as far as the consumer asks [DML-STO-0604]', () => {
    const graph = new MemoryGraph();
    graph.add('c0');
    for (let index = 1; index < 10_000; index += 1) graph.add(`c${index}`, [`c${index - 1}`]);
    graph.reads = 0;
    const taken = labelsOf(graph, 'c9999', { order: 'time', limit: 3 });
    expect(taken).toEqual(['c9999', 'c9998', 'c9997']);
    expect(graph.reads).toBeLessThan(20);
  });

  it('shows nothing for a limit of zero', () => {
    expect(labelsOf(diamond(), 'merge', { limit: 0 })).toEqual([]);
  });
});
