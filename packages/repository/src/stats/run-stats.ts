import {
  type CommitId,
  type DagId,
  type DatumId,
  type ExecId,
  isDmlError,
  type NodeId,
  treeEntries,
  treeGet,
} from '@daggerml/object-model';
import { diffCommits } from '@daggerml/store';
import { type PinScope, treeScope } from '../nodes/pin-scope.ts';
import { nameOfFunction } from '../views/call-text.ts';
import { type HistoryCommit, readHistory, readUnlessGone } from '../workspace/history.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { IdNumbers } from './id-numbers.ts';

/** Sums over the recorded runs of a dag. */
export interface DagStats {
  readonly dag: string;
  /** Commits that changed the dag or the outcome of a call of it. */
  runs: number;
  /** Calls that ran for one of these commits first, with those that functions made. */
  executed: number;
  /** Those of them that failed. */
  failed: number;
  /** Time of those calls together. */
  executedMs: number;
  /** Calls whose outcome was known before. */
  answered: number;
  /** Time that the calls took that had run instead. */
  savedMs: number;
}

/** A call that ran. */
export interface CallTime {
  readonly execId: ExecId;
  readonly nodeId: NodeId;
  readonly durationMs: number;
}

/** Sums over the calls of a function that ran, whatever its code was. */
export interface FunctionStats {
  readonly function: string;
  calls: number;
  failed: number;
  totalMs: number;
  longestMs: number;
}

/** Sums over a history. */
export interface RunStats {
  readonly commits: number;
  readonly dags: readonly DagStats[];
  readonly slowestCalls: readonly CallTime[];
  /** Those that took longest in all first. */
  readonly functions: readonly FunctionStats[];
}

export interface RunStatsOptions {
  /** The only dag that counts; all by default. */
  readonly dag?: string | undefined;
  readonly onCommits?: (commits: number) => void;
}

const SLOWEST = 10;

/**
 * Sums what calls took and what was known of them before, over the history of a commit, oldest first. A commit
 * and its parents are held at a time, besides some 32 bytes for each call that ran and the ids of the commits.
 *
 * @spec DML-REP-0936
 */
export function runStats(reader: RecordReader, from: CommitId, options: RunStatsOptions = {}): RunStats {
  const commits = Array.from(readHistory(reader, from), ({ commitId }) => commitId);
  const stats = new Stats(reader);
  for (let at = commits.length - 1; at >= 0; at -= 1) {
    const commitId = commits[at] as CommitId;
    const commit = reader.read('commit', commitId);
    const scope = treeScope(commit.pins, reader);
    for (const { name, dagId } of ranDags(reader, { commitId, commit }))
      if (options.dag === undefined || options.dag === name) stats.addRun(name, dagId, scope);
    options.onCommits?.(commits.length - at);
  }
  return { commits: commits.length, ...stats.result() };
}

/** Lists the dags of a commit that no parent has, or that have a call with an outcome that no parent has. */
function* ranDags(
  reader: RecordReader,
  { commitId, commit }: HistoryCommit,
): Generator<{ readonly name: string; readonly dagId: DagId }> {
  const [first, ...others] = commit.parentCommitIds.flatMap((parentId) => {
    const parent = readUnlessGone(reader, parentId);
    return parent === undefined ? [] : [{ parentId, ...parent }];
  });
  const { dags, pins } = diffCommits(reader.store, first?.parentId, commitId);
  const sides = others.map(({ treeId, pins }) => ({ pins, dags: reader.read('tree', treeId).dags }));
  const changed = new Set<string>();
  for (const change of dags) {
    changed.add(change.name);
    if (change.kind === 'removed') continue;
    const { name, after: dagId } = change;
    if (!sides.some((side) => treeGet('dags', side.dags, name, reader)?.[1] === dagId)) yield { name, dagId };
  }
  const repinned = new Set<NodeId>();
  for (const change of pins) {
    if (change.kind !== 'changed') continue;
    const { nodeId, after } = change;
    if (!sides.some((side) => treeGet('pins', side.pins, nodeId, reader)?.[1] === after))
      repinned.add(nodeId);
  }
  if (repinned.size === 0) return;
  for (const [name, dagId] of treeEntries('dags', reader.read('tree', commit.treeId).dags, reader))
    if (!changed.has(name) && someNode(reader, dagId, repinned)) yield { name, dagId };
}

function someNode(reader: RecordReader, dagId: DagId, wanted: ReadonlySet<NodeId>): boolean {
  for (const { nodeId } of computedNodes(reader, dagId)) if (wanted.has(nodeId)) return true;
  return false;
}

/** Yields the calls and builtins of a dag, each once. */
function* computedNodes(
  reader: RecordReader,
  dagId: DagId,
): Generator<{ readonly nodeId: NodeId; readonly kind: 'call' | 'builtin' }> {
  const { rootNodeId, names } = reader.read('dag', dagId);
  const reached = new Set<NodeId>([rootNodeId]);
  for (const [, nodeId] of treeEntries('names', names, reader)) reached.add(nodeId);
  for (const nodeId of reached) {
    const node = reader.read('node', nodeId);
    if (!('inputs' in node)) continue;
    for (const input of treeEntries('inputs', node.inputs, reader)) reached.add(input);
    yield { nodeId, kind: node.kind };
  }
}

class Stats {
  readonly #reader: RecordReader;
  readonly #dags = new Map<string, DagStats>();
  /** Time that the call of an outcome took, by its exec. */
  readonly #times = new IdNumbers();
  readonly #functions = new Map<DatumId, FunctionStats>();
  #slowest: CallTime[] = [];

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  addRun(name: string, dagId: DagId, scope: PinScope): void {
    const dag = this.#dags.get(name) ?? {
      dag: name,
      runs: 0,
      executed: 0,
      failed: 0,
      executedMs: 0,
      answered: 0,
      savedMs: 0,
    };
    this.#dags.set(name, dag);
    dag.runs += 1;
    for (const { nodeId, kind } of computedNodes(this.#reader, dagId)) {
      const execId = kind === 'call' ? scope.getPin(nodeId) : undefined;
      if (execId !== undefined) this.#add(dag, execId);
    }
  }

  /** Adds an outcome of a call, and where it is new those of the calls that its function has made. */
  #add(dag: DagStats, first: ExecId): void {
    const open = [first];
    for (let execId = open.pop(); execId !== undefined; execId = open.pop()) {
      const known = this.#times.get(execId);
      if (known !== undefined) {
        dag.answered += 1;
        dag.savedMs += known;
        continue;
      }
      const exec = this.#reader.read('exec', execId);
      if (exec.nodeKind === 'builtin') continue;
      const { sourceExecId, startedMs, finishedMs } = exec;
      if (sourceExecId !== null) {
        const durationMs = this.#times.get(sourceExecId) ?? this.#durationOf(sourceExecId);
        this.#times.set(execId, durationMs);
        dag.answered += 1;
        dag.savedMs += durationMs;
        continue;
      }
      const durationMs = startedMs === null || finishedMs === null ? 0 : finishedMs - startedMs;
      this.#times.set(execId, durationMs);
      dag.executed += 1;
      dag.executedMs += durationMs;
      if (exec.status === 'error') dag.failed += 1;
      this.#addToFunction(exec.functionDatumId, exec.status, durationMs);
      this.#noteSlow({ execId, nodeId: exec.nodeId, durationMs });
      for (const [, made] of treeEntries('pins', exec.pins, this.#reader)) open.push(made);
    }
  }

  #durationOf(execId: ExecId): number {
    try {
      const exec = this.#reader.read('exec', execId);
      if (exec.nodeKind === 'builtin' || exec.startedMs === null || exec.finishedMs === null) return 0;
      return exec.finishedMs - exec.startedMs;
    } catch (error) {
      // The run that the outcome stems from may be gone.
      if (isDmlError(error)) return 0;
      throw error;
    }
  }

  #addToFunction(functionDatumId: DatumId, status: 'ok' | 'error', durationMs: number): void {
    let stats = this.#functions.get(functionDatumId);
    if (stats === undefined) {
      const name = nameOfFunction(this.#reader, functionDatumId);
      stats = { function: name, calls: 0, failed: 0, totalMs: 0, longestMs: 0 };
      this.#functions.set(functionDatumId, stats);
    }
    stats.calls += 1;
    if (status === 'error') stats.failed += 1;
    stats.totalMs += durationMs;
    stats.longestMs = Math.max(stats.longestMs, durationMs);
  }

  /** @spec DML-REP-0411 */
  #noteSlow(call: CallTime): void {
    const last = this.#slowest.at(-1);
    if (this.#slowest.length === SLOWEST && last && call.durationMs <= last.durationMs) return;
    this.#slowest = [...this.#slowest, call].sort((a, b) => b.durationMs - a.durationMs).slice(0, SLOWEST);
  }

  result(): Omit<RunStats, 'commits'> {
    const functions = new Map<string, FunctionStats>();
    for (const { function: name, calls, failed, totalMs, longestMs } of this.#functions.values()) {
      const sum = functions.get(name) ?? { function: name, calls: 0, failed: 0, totalMs: 0, longestMs: 0 };
      sum.calls += calls;
      sum.failed += failed;
      sum.totalMs += totalMs;
      sum.longestMs = Math.max(sum.longestMs, longestMs);
      functions.set(name, sum);
    }
    return {
      dags: [...this.#dags.values()].sort((a, b) => (a.dag < b.dag ? -1 : 1)),
      slowestCalls: this.#slowest,
      functions: [...functions.values()].sort((a, b) => b.totalMs - a.totalMs),
    };
  }
}
