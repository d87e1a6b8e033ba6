import {
  type CommitId,
  type CommitRecord,
  type DagId,
  type DatumId,
  type ExecId,
  type ExecRecord,
  type NodeId,
  treeDiff,
  treeEntries,
  treeGet,
} from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import { dagNodes } from '../dags/import-dag.ts';
import { execValue } from '../nodes/stored-value.ts';
import { dagsOf } from '../views/commit-view.ts';
import { walkHistory } from '../workspace/history.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { commitUnlessGone } from './earlier-commit.ts';

/** Part that a value has in a call. */
export type UsageRole =
  /** It is the value of the call, or inside of it. */
  | 'made'
  /** It is an input of the call, or inside of one. */
  | 'used'
  /** It is code of the function. */
  | 'code'
  /** It is a source file of the function. */
  | 'source';

/** A call that made or used a value, and the oldest commit that is known to have its outcome. */
export interface Usage {
  readonly nodeId: NodeId;
  readonly execId: ExecId;
  readonly commitId: CommitId;
  readonly dagName: string | undefined;
  readonly roles: readonly UsageRole[];
  /** Inputs of the call that are the value or hold it, from 0. */
  readonly inputs: readonly number[];
}

/** Reports of a long search. */
export interface SearchProgress {
  onRows?(rows: number): void;
  onCommits?(commits: number): void;
}

/**
 * Finds every call that made or used a value, newest commits first: of every branch, tracking ref and work in progress.
 * O(datums of the store + outcomes of the history); what was found is not kept.
 *
 * @spec DML-REP-0303
 */
export function* usagesOf(
  reader: RecordReader,
  datumId: DatumId,
  progress: SearchProgress = {},
): Generator<Usage, void, undefined> {
  const { store } = reader;
  // @spec DML-REP-0304
  const holders = store.findHolders([datumId], (rows) => progress.onRows?.(rows));
  const tips = store.readRefs().map(({ commitId }) => commitId);
  const dags = new DagsOfNodes(reader);
  const seen = new Set<ExecId>();
  let commits = 0;
  for (const { commitId, commit } of walkHistory((id) => commitUnlessGone(reader, id), tips)) {
    progress.onCommits?.(++commits);
    if (commit === undefined) continue;
    const [first, ...others] = commit.parentCommitIds.map((parentId) => commitUnlessGone(reader, parentId));
    for (const { after } of treeDiff('pins', first?.pins ?? [], commit.pins, reader)) {
      if (after === undefined) continue;
      const [nodeId, execId] = after;
      const made = withMade(reader, { nodeId, execId }, seen).flatMap((call) => {
        const found = ifReadable(() => rolesIn(reader, reader.read('exec', call.execId), holders));
        return found === undefined || found.roles.length === 0 ? [] : [{ ...call, ...found }];
      });
      if (made.length === 0) continue;
      // What a merge brought along is told of the commit that it comes from.
      const isMerged = others.some(
        (other) => treeGet('pins', other?.pins ?? [], nodeId, reader)?.[1] === execId,
      );
      if (isMerged) continue;
      const dagName = dags.nameOf(commit, nodeId);
      for (const each of made) yield { ...each, commitId, dagName };
    }
  }
}

type CallOutcome = Pick<Usage, 'nodeId' | 'execId'>;

/**
 * Returns a call and those that its function has made, each of these once for all.
 *
 * @spec DML-REP-0450
 */
function withMade(reader: RecordReader, call: CallOutcome, seen: Set<ExecId>): readonly CallOutcome[] {
  const calls = [call];
  for (const { execId } of calls) {
    const exec = ifReadable(() => reader.read('exec', execId));
    if (exec?.nodeKind !== 'call' || exec.pins.length === 0) continue;
    for (const [nodeId, madeId] of treeEntries('pins', exec.pins, reader)) {
      if (seen.has(madeId)) continue;
      seen.add(madeId);
      calls.push({ nodeId, execId: madeId });
    }
  }
  return calls;
}

function rolesIn(
  reader: RecordReader,
  exec: ExecRecord,
  holders: ReadonlySet<string>,
): Pick<Usage, 'roles' | 'inputs'> | undefined {
  if (exec.nodeKind !== 'call') return undefined;
  const inputs: number[] = [];
  // A page of many inputs is a holder itself.
  if (typeof exec.inputs !== 'string' || holders.has(exec.inputs)) {
    let index = 0;
    for (const datumId of treeEntries('values', exec.inputs, reader)) {
      if (holders.has(datumId)) inputs.push(index);
      index += 1;
    }
  }
  const valueId = exec.status === 'ok' ? ifReadable(() => execValue(exec, reader)) : undefined;
  const roles: UsageRole[] = [];
  if (valueId !== undefined && holders.has(valueId)) roles.push('made');
  if (inputs.length > 0) roles.push('used');
  if (holders.has(exec.functionDatumId)) roles.push('code');
  if (exec.receiptDatumId !== null && holders.has(exec.receiptDatumId)) roles.push('source');
  return { roles, inputs };
}

/** Dags that are remembered with their nodes. */
const MAX_DAGS = 20;

/** Finds the dags of nodes. */
class DagsOfNodes {
  readonly #reader: RecordReader;
  readonly #nodes = new Map<DagId, ReadonlySet<NodeId>>();

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  /** Returns the name of the dag of a commit that has a node; the only one is not looked into. */
  nameOf(commit: CommitRecord, nodeId: NodeId): string | undefined {
    const dags = dagsOf(this.#reader, commit);
    const [only, ...others] = dags;
    if (others.length === 0) return only?.name;
    return dags.find(({ dagId }) => this.#nodesOf(dagId).has(nodeId))?.name;
  }

  #nodesOf(dagId: DagId): ReadonlySet<NodeId> {
    let nodes = this.#nodes.get(dagId);
    if (nodes === undefined) {
      nodes = dagNodes(dagId, this.#reader);
      if (this.#nodes.size >= MAX_DAGS) this.#nodes.clear();
      this.#nodes.set(dagId, nodes);
    }
    return nodes;
  }
}
