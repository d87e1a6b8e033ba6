import { type CommitId, nfcText } from '@daggerml/object-model';
import { repositoryError } from '../errors.ts';
import { currentCommit, dagsOf, type NamedDag } from '../views/commit-view.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { findObject, readName } from './find-object.ts';
import { branchOf } from './ref-text.ts';
import { unknownName } from './unknown-name.ts';

/**
 * Finds a dag of the current branch by its name, also where a ref hides it, or by any other name of a dag that
 * the branch has. Throws `unknown_name`, `no_commit`, and `wrong_class` for any other object.
 *
 * @spec DML-REP-0033 DML-REP-0036
 */
export function findOwnDag(reader: RecordReader, text: string): NamedDag {
  const name = nfcText(text);
  const inside = branchOf(reader.store.head());
  const current = currentCommit(reader);
  if (current === undefined) throw repositoryError('no_commit', { branch: inside });
  const dags = dagsOf(reader, current.commit);
  const own = dags.find((dag) => dag.name === name);
  if (own !== undefined) return own;
  const found = readName(reader, name);
  if (found instanceof Error) throw found;
  if (found === undefined)
    throw unknownName({ name, word: name, detail: 'dag', inside, known: dags.map((dag) => dag.name) });
  const [same, ...others] = dags.filter(
    ({ name: ownName, dagId }) => dagId === found.objectId && ownName === (found.dagName ?? ownName),
  );
  if (same !== undefined && others.length === 0) return same;
  throw repositoryError('wrong_class', { name, found: found.class, inside }, undefined, 'no_own_dag');
}

/**
 * Finds the commit and the dag of `<commit>:<dag>`; a dag of the current branch needs no commit. Throws as
 * `findObject`, and `wrong_class` for any other object.
 *
 * @spec DML-REP-0034
 */
export function findDagOfCommit(
  reader: RecordReader,
  name: string,
): { readonly commitId: CommitId; readonly dag: string } {
  const { class: found, scopeCommitId: commitId, dagName: dag } = findObject(reader, name);
  if (commitId !== undefined && dag !== undefined) return { commitId, dag };
  throw repositoryError('wrong_class', { name, found }, undefined, 'no_dag_of_commit');
}
