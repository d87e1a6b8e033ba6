import type { CommitId } from '@daggerml/object-model';
import { treeScope } from '../nodes/pin-scope.ts';
import { dagsOf } from '../views/commit-view.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { IdNumbers } from './id-numbers.ts';
import { ObjectWalk } from './object-walk.ts';

/** Bytes of all objects that a dag and the outcomes of its calls are made of. */
export interface DagSize {
  readonly dag: string;
  /** Bytes of objects that no other dag of the commit has. */
  readonly ownBytes: number;
  readonly sharedBytes: number;
}

/** Object of several dags, in the place of the number of its dag. */
const SHARED = -1;

/**
 * Measures the dags of a commit, as their objects are stored; an object that is absent counts nothing. Reads each object
 * once for each dag that has it, but for chunks, and keeps some 100 bytes for each.
 *
 * @spec DML-REP-0412
 */
export function dagSizes(reader: RecordReader, commitId: CommitId): readonly DagSize[] {
  const commit = reader.read('commit', commitId);
  const scope = treeScope(commit.pins, reader);
  const dags = dagsOf(reader, commit);
  const owners = new IdNumbers();
  const sizes = new IdNumbers();
  const totals = dags.map(({ dagId }, dag) => {
    const visit = (id: string, sizeBytes: number): void => {
      owners.set(id, owners.get(id) === undefined ? dag : SHARED);
      sizes.set(id, sizeBytes);
    };
    return new ObjectWalk(reader).from([['dag', dagId]], { scope, visit });
  });
  const own = dags.map(() => 0);
  owners.forEachWith(sizes, (dag, sizeBytes) => {
    if (dag !== SHARED) own[dag] = (own[dag] as number) + sizeBytes;
  });
  return dags.map(({ name }, dag) => ({
    dag: name,
    ownBytes: own[dag] as number,
    sharedBytes: (totals[dag] as number) - (own[dag] as number),
  }));
}
