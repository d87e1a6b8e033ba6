import type { CommitId, DagId, DatumId, ExecId, NodeId } from '@daggerml/object-model';
import { execValue, type PinScope, storedValue, treeScope } from '@daggerml/repository';
import { cliError } from './cli-error.ts';
import { currentCommit, dagsOf } from './commit-view.ts';
import type { NamedObject } from './named-object.ts';
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
      if (only !== undefined && dags.length === 1)
        return objectValue(reader, name, { ...found, class: 'dag', objectId: only.dagId });
      throw cliError('no_value', {
        name,
        found: `commit of ${dags.length} dags`,
        inside: [
          ...(found.hiddenDag === undefined ? [] : [found.hiddenDag]),
          ...dags.map((dag) => `${name}:${dag.name}`),
        ],
      });
    }
    default:
      throw cliError('no_value', { name, found: found.class });
  }
}

/**
 * Yields the pins in which the nodes of an object have their values: of the commit its name leads through, else
 * of the current commit and of the work in progress, so that a failed call shows its outcome too.
 */
export function scopeOf(reader: RecordReader, found: NamedObject): PinScope {
  const commitIds: CommitId[] =
    found.scopeCommitId === undefined
      ? [
          currentCommit(reader)?.commitId,
          ...reader.store.readRefs('index').map((ref) => ref.commitId),
        ].filter((commitId) => commitId !== undefined)
      : [found.scopeCommitId];
  const scopes = commitIds.map((commitId) => treeScope(reader.read('commit', commitId).pins, reader));
  return {
    getPin: (nodeId) => {
      for (const scope of scopes) {
        const execId = scope.getPin(nodeId);
        if (execId !== undefined) return execId;
      }
      return undefined;
    },
  };
}
