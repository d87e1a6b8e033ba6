import {
  type DagId,
  type DatumId,
  type NodeId,
  type PageSource,
  type Records,
  treeGet,
} from '@daggerml/object-model';
import { repositoryError } from '../errors.ts';
import { unknownName } from '../names/unknown-name.ts';
import { readFailure } from './error-dag.ts';
import { type PinScope, treeScope } from './pin-scope.ts';

/** A source of decoded records and of search tree pages. */
export interface RecordSource extends PageSource {
  /** Throws `object_missing` when it is not there. */
  read<Class extends 'datum' | 'node' | 'dag' | 'exec' | 'tree' | 'commit'>(
    objectClass: Class,
    objectId: string,
  ): Records[Class];
}

/**
 * Returns the datum that a stored node evaluates to in a scope, from records alone.
 *
 * Throws `not_executed`, `call_failed`, `unknown_name` and `object_missing`.
 */
export function storedValue(nodeId: NodeId, scope: PinScope, source: RecordSource): DatumId {
  const node = source.read('node', nodeId);
  switch (node.kind) {
    case 'literal':
      // @spec DML-EXE-0301
      return node.datumId;
    case 'import':
      // @spec DML-EXE-0302
      return storedValue(namedNode(node.dagId, node.name, source), scope, source);
    default: {
      const execId = scope.getPin(nodeId);
      // @spec DML-EXE-0307
      if (execId === undefined) throw repositoryError('not_executed', { nodeId });
      return execValue(source.read('exec', execId), source);
    }
  }
}

/** Returns the value that an exec records. Throws `call_failed` for a recorded failure. */
export function execValue(exec: Records['exec'], source: RecordSource): DatumId {
  if (exec.status === 'error') {
    const { code, message } = readFailure(exec, source);
    // @spec DML-EXE-0308
    throw repositoryError('call_failed', { nodeId: exec.nodeId, failureCode: code, message });
  }
  // @spec DML-EXE-0304
  if (exec.nodeKind === 'builtin') return exec.resultDatumId;
  const { rootNodeId } = source.read('dag', exec.resultDagId);
  // @spec DML-EXE-0305
  // @spec DML-EXE-0306
  return storedValue(rootNodeId, treeScope(exec.pins, source), source);
}

/** Returns the node that a name selects in a dag; `root` selects its root. Throws `unknown_name`. */
export function namedNode(dagId: DagId, name: string, source: RecordSource): NodeId {
  const dag = source.read('dag', dagId);
  // @spec DML-EXE-0303
  if (name === 'root') return dag.rootNodeId;
  const entry = treeGet('names', dag.names, name, source);
  // @spec DML-EXE-0309
  if (!entry) throw unknownName({ name, word: name, detail: 'node', inside: dagId, known: [] });
  return entry[1];
}
