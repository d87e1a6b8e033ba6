import type { DagId, Datum, DatumId, ExecId, NodeId } from '@daggerml/object-model';
import { liftDatum } from '@daggerml/values';
import { repositoryError } from '../errors.ts';
import { findObject } from '../names/find-object.ts';
import type { NamedObject } from '../names/named-object.ts';
import type { NamedValue } from '../names/value-path.ts';
import { execValue, storedValue } from '../nodes/stored-value.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { dagsOf } from './commit-view.ts';
import { scopeOf } from './node-scope.ts';

/**
 * Returns the value that an object stands for: a datum itself, the root of a dag, the value of a node or exec,
 * the only dag of a commit. Throws `no_value` for anything else.
 */
export function objectValue(reader: RecordReader, name: string, found: NamedObject): NamedValue {
  const { inline } = found;
  if (inline !== undefined) return { datumId: found.objectId as DatumId, datum: inline.datum, inline };
  const datumId = valueId(reader, name, found);
  return { datumId, datum: reader.read('datum', datumId) };
}

function valueId(reader: RecordReader, name: string, found: NamedObject): DatumId {
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
        return valueId(reader, name, { ...found, class: 'dag', objectId: only.dagId });
      throw repositoryError('no_value', {
        name,
        found: `commit of ${dags.length} dags`,
        inside: [
          ...(found.shadowedDag === undefined ? [] : [found.shadowedDag]),
          ...dags.map((dag) => `${name}:${dag.name}`),
        ],
      });
    }
    default:
      throw repositoryError('no_value', { name, found: found.class });
  }
}

/** Returns the language value that a name stands for; throws as `findObject` and `objectValue`. */
export function readValue(reader: RecordReader, name: string): unknown {
  const { datumId, datum } = objectValue(reader, name, findObject(reader, name));
  // A member that stands inline in its collection is no object of the store.
  const readDatum = (id: DatumId): Datum => (id === datumId ? datum : reader.readDatum(id));
  const { pageCache } = reader;
  return liftDatum(
    {
      pageCache,
      readDatum,
      getPage: (id) => reader.getPage(id),
      readChunk: (id) => reader.readChunk(id),
      bringChunks: (ids) => reader.bringChunks(ids),
    },
    datumId,
  );
}
