import { type CommitId, canonicalName, type ObjectClass, type ObjectId } from '@daggerml/object-model';

/** What an object name stands for. */
export interface NamedObject {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
  /** The commit that the name leads through, whose pins give its nodes their values; undefined for an id. */
  readonly scopeCommitId: CommitId | undefined;
  /** The name of a dag of the current head that a branch of the same name hides. */
  readonly hiddenDag?: string;
  /** The name under which its commit has a dag. */
  readonly dagName?: string;
}

/** Checks whether a dag or node could have a name, however long the text and whatever is in it. @spec DML-CLI-0662 */
export function couldBeName(text: string): boolean {
  try {
    return canonicalName(text) === text;
  } catch {
    return false;
  }
}
