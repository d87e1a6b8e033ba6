import { createHash } from 'node:crypto';
import type { CommitId } from '@daggerml/object-model';
import type { CommitGraph, CommitNode } from '../../src/history/commit-graph.ts';

/** A graph of named commits for tests, with a count of the reads made. */
export class MemoryGraph implements CommitGraph {
  readonly commits: Map<CommitId, CommitNode & { readonly label: string }> = new Map();
  readonly idByLabel: Map<string, CommitId> = new Map();
  reads = 0;

  add(label: string, parents: readonly string[] = [], committedMs: number = this.commits.size): CommitId {
    const commitId = createHash('sha256').update(label).digest('hex') as CommitId;
    const parentCommitIds = parents.map((parent) => this.id(parent));
    this.commits.set(commitId, { label, parentCommitIds, committedMs });
    this.idByLabel.set(label, commitId);
    return commitId;
  }

  id(label: string): CommitId {
    const commitId = this.idByLabel.get(label);
    if (commitId === undefined) throw new Error(`no commit ${label}`);
    return commitId;
  }

  readCommit(commitId: CommitId): CommitNode & { readonly label: string } {
    this.reads += 1;
    const commit = this.commits.get(commitId);
    if (commit === undefined) throw new Error(`no commit ${commitId}`);
    return commit;
  }

  labels(ids: Iterable<CommitId>): string[] {
    return [...ids].map((commitId) => this.commits.get(commitId)?.label ?? '?');
  }
}

/** Returns every commit reachable from `tip`, itself included, as an oracle. */
export function reachable(graph: MemoryGraph, tip: CommitId): Set<CommitId> {
  const seen = new Set<CommitId>([tip]);
  for (const commitId of seen)
    for (const parent of graph.readCommit(commitId).parentCommitIds) seen.add(parent);
  return seen;
}

/** Creates a graph from seeded numbers; with `skew` clocks run backwards. */
export function randomGraph(next: (bound: number) => number, size: number, skew: number): MemoryGraph {
  const graph = new MemoryGraph();
  for (let index = 0; index < size; index += 1) {
    const parents = new Set<string>();
    const wanted = index === 0 ? 0 : [1, 1, 1, 2, 2, 3, 0][next(7)]!;
    for (let parent = 0; parent < wanted; parent += 1) {
      const reach = Math.min(index, 6);
      parents.add(`c${index - 1 - next(reach)}`);
    }
    graph.add(`c${index}`, [...parents], index * 10 + (skew === 0 ? 0 : next(skew) - skew / 2));
  }
  return graph;
}
