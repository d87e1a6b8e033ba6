import {
  type CommitId,
  canonicalName,
  type DagId,
  type Datum,
  type DatumId,
  type ObjectClass,
  type ObjectId,
} from '@daggerml/object-model';
import type { Ref } from '@daggerml/store';
import type { RecordReader } from '../workspace/record-reader.ts';

/** The object that a name stands for. */
export interface NamedObject {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
  /** The commit that the name leads through, whose pins give its nodes their values; undefined for an id. */
  readonly scopeCommitId: CommitId | undefined;
  /** The ref that was named. */
  readonly ref?: Ref;
  /** The name of a dag of the current head that a ref of the same name hides. */
  readonly shadowedDag?: string;
  /** The dag that a name of a node leads through. */
  readonly insideDagId?: DagId;
  /** The name under which its commit has a dag. */
  readonly dagName?: string;
  /** A member of a collection that is no object of its own, and the datum that holds it. */
  readonly inline?: { readonly datum: Datum; readonly holderId: DatumId };
}

/** Reads the datum that a name stands for. */
export function namedDatum(reader: RecordReader, { objectId, inline }: NamedObject): Datum {
  return inline?.datum ?? reader.read('datum', objectId);
}

/** Checks whether a dag or node could have a name, however long the text and whatever is in it. @spec DML-CLI-0662 */
export function couldBeName(text: string): boolean {
  try {
    return canonicalName(text) === text;
  } catch {
    return false;
  }
}
