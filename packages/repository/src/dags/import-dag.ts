import {
  type CommitRecord,
  type DagId,
  type ExecId,
  isDmlError,
  type NodeId,
  treeEntries,
} from '@daggerml/object-model';
import type { Store } from '@daggerml/store';
import { findCommit } from '../names/find-object.ts';
import { shortRevision } from '../names/ref-text.ts';
import { unknownName } from '../names/unknown-name.ts';
import { type PinScope, treeScope } from '../nodes/pin-scope.ts';
import type { RecordSource } from '../nodes/stored-value.ts';
import { dagsOf } from '../views/commit-view.ts';
import { holdCommits } from '../workspace/hold-commits.ts';
import { RecordReader } from '../workspace/record-reader.ts';

/** A dag of a commit, to be imported by another. */
export interface ImportSource {
  readonly dagId: DagId;
  readonly pins: CommitRecord['pins'];
}

/**
 * Finds a dag by the name of its commit, which is held until the store is closed. Throws `unknown_name` and as
 * `findCommit`.
 */
export function findImportSource(store: Store, dagName: string, revision: string): ImportSource {
  const reader = new RecordReader(store);
  const [commitId] = holdCommits(store, () => [findCommit(reader, revision)]);
  const record = reader.read('commit', commitId);
  const dags = dagsOf(reader, record);
  const dagId = dags.find((dag) => dag.name === dagName)?.dagId;
  if (dagId !== undefined) return { dagId, pins: record.pins };
  const known = dags.map((dag) => dag.name);
  const inside = shortRevision(revision);
  throw unknownName({ name: dagName, word: dagName, detail: 'dag', inside, known, listed: true });
}

/**
 * Lists the nodes of a stored dag, imported dags included, each once; dags and nodes that a domain withholds are passed
 * over. O(nodes).
 *
 * @spec DML-REM-1325
 */
export function dagNodes(dagId: DagId, objects: RecordSource): Set<NodeId> {
  const nodes = new Set<NodeId>();
  const dags = new Set<DagId>([dagId]);
  for (const each of dags) {
    const dag = unlessWithheld(() => objects.read('dag', each));
    if (dag === undefined) continue;
    const reached = [
      dag.rootNodeId,
      ...Array.from(treeEntries('names', dag.names, objects), ([, nodeId]) => nodeId),
    ];
    for (let nodeId = reached.pop(); nodeId !== undefined; nodeId = reached.pop()) {
      if (nodes.has(nodeId)) continue;
      nodes.add(nodeId);
      const id = nodeId;
      const node = unlessWithheld(() => objects.read('node', id));
      if (node === undefined) continue;
      if (node.kind === 'import') dags.add(node.dagId);
      else if (node.kind !== 'literal') reached.push(...treeEntries('inputs', node.inputs, objects));
    }
  }
  return nodes;
}

function unlessWithheld<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (isDmlError(error) && error.code === 'object_withheld') return undefined;
    throw error;
  }
}

/** Returns the pins of a dag's nodes in a commit. */
export function pinsOfDag(
  source: ImportSource,
  objects: RecordSource,
): { scope: PinScope; pins: Map<NodeId, ExecId> } {
  const scope = treeScope(source.pins, objects);
  const pins = new Map<NodeId, ExecId>();
  for (const nodeId of dagNodes(source.dagId, objects)) {
    const execId = scope.getPin(nodeId);
    if (execId !== undefined) pins.set(nodeId, execId);
  }
  return { scope, pins };
}
