import { type PinScope, storedValue, treeScope, execValue } from '@daggerml/execution';
import type { DagId, DatumId, ExecId, NodeId } from '@daggerml/object-model';
import { cliError } from './cli-error.ts';
import { dagsOf } from './commit-view.ts';
import type { NamedObject } from './object-name.ts';
import type { RecordReader } from './record-reader.ts';

/**
 * Yields the value that an object stands for: a datum itself, the root of a dag, the value of a node or exec,
 * the only dag of a commit. Throws `no_value` for anything else.
 */
export function objectValue(reader: RecordReader, name: string, found: NamedObject): DatumId {
  const scope = scopeOf(reader, found);
  switch (found.class) {
    case 'datum':
      return found.objectId as DatumId;
    case 'node':
      return storedValue(found.objectId as NodeId, scope, reader);
    case 'dag':
      return storedValue(reader.read('dag', found.objectId as DagId).rootNodeId, scope, reader);
    case 'exec':
      return execValue(reader.read('exec', found.objectId as ExecId), reader);
    case 'commit': {
      const dags = dagsOf(reader, reader.read('commit', found.objectId));
      const [only] = dags;
      if (only !== undefined && dags.length === 1) return objectValue(reader, name, { ...found, class: 'dag', objectId: only.dagId });
      throw cliError('no_value', { name, found: `a commit of ${dags.length} dags`, inside: dags.map((dag) => dag.name).join(', ') });
    }
    default:
      throw cliError('no_value', { name, found: `a ${found.class}`, inside: '' });
  }
}

/** Yields the pins in which the nodes of an object have their values. */
export function scopeOf(reader: RecordReader, found: NamedObject): PinScope {
  if (found.scopeCommitId === undefined) return { getPin: () => undefined };
  return treeScope(reader.read('commit', found.scopeCommitId).pins, reader);
}
