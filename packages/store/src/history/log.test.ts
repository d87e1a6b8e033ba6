import type { CommitId } from '@daggerml/object-model';
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

/** Returns the history of a commit by picking the newest commit without a child that is left, again and again. */
function newestFirst(graph: MemoryGraph, tip: CommitId): CommitId[] {
  const left = reachable(graph, tip);
  const shown: CommitId[] = [];
  while (left.size > 0) {
    const parents = new Set<CommitId>([...left].flatMap((each) => graph.readCommit(each).parentCommitIds));
    const [next] = [...left]
      .filter((each) => !parents.has(each))
      .sort((a, b) => timeOf(b) - timeOf(a) || (a < b ? -1 : 1));
    if (next === undefined) break;
    shown.push(next);
    left.delete(next);
  }
  return shown;

  function timeOf(commitId: CommitId): number {
    return graph.readCommit(commitId).committedMs;
  }
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
        expect(shown).toEqual(newestFirst(graph, tip));
      }),
    );
  });

  it('reads ahead in topological order only to where the lines meet [DML-REP-0931]', () => {
    const line = new MemoryGraph();
    line.add('c0');
    for (let index = 1; index < 10_000; index += 1) line.add(`c${index}`, [`c${index - 1}`]);
    line.reads = 0;
    expect(labelsOf(line, 'c9999', { order: 'topological', limit: 3 })).toEqual(['c9999', 'c9998', 'c9997']);
    expect(line.reads).toBeLessThan(20);
    // Six people merge each other's commits, and no commit is on every line.
    const team = new MemoryGraph();
    team.add('m0');
    for (let index = 1; index < 3_000; index += 1) {
      team.add(`own${index}`, [`m${Math.max(0, index - 1 - (index % 6))}`]);
      team.add(`m${index}`, [`m${index - 1}`, `own${index}`]);
    }
    team.reads = 0;
    expect(labelsOf(team, 'm2999', { order: 'topological', limit: 10 })).toHaveLength(10);
    expect(team.reads).toBeLessThan(200);
  });

  it('reads a history whole whose lines hardly ever meet, and keeps the order [DML-STO-0603]', () => {
    const graph = new MemoryGraph();
    graph.add('root');
    for (let index = 0; index < 6_000; index += 1)
      // The clock of one side is behind, and the other one's goes backwards.
      for (const side of ['a', 'b'])
        graph.add(
          `${side}${index}`,
          [index === 0 ? 'root' : `${side}${index - 1}`],
          side === 'a' ? index : -index,
        );
    graph.add('merge', ['a5999', 'b5999', 'a5998']);
    const shown = labelsOf(graph, 'merge', { order: 'topological' });
    expect(shown).toHaveLength(12_002);
    expect(new Set(shown).size).toBe(12_002);
    const position = new Map(shown.map((label, at) => [label, at]));
    const wrong = shown.filter((label) =>
      graph
        .labels(graph.readCommit(graph.id(label)).parentCommitIds)
        .some((parent) => position.get(parent)! < position.get(label)!),
    );
    expect(wrong).toEqual([]);
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
