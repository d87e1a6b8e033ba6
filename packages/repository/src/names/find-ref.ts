import { isDmlError, nfcText } from '@daggerml/object-model';
import { asRefName, headRef, indexRef, type Ref, type RefName, remoteRef, type Store } from '@daggerml/store';
import { repositoryError } from '../errors.ts';
import { branchOf, indexNameOf } from './ref-text.ts';
import { unknownName } from './unknown-name.ts';

/**
 * The names of refs that a text may be short for, in the order in which they are tried.
 *
 * @spec DML-REP-0003 DML-REP-0004 DML-REP-0005
 */
const FORMS: readonly ((text: string) => RefName)[] = [
  asRefName,
  headRef,
  (text) => {
    const [remote = '', ...name] = text.split('/');
    return remoteRef(remote, name.join('/'));
  },
  (text) => asRefName(`refs/${text}`),
  indexRef,
];

/** Returns the ref that a text names; undefined when there is none. */
export function refNamed(store: Store, text: string): Ref | undefined {
  for (const form of FORMS) {
    const ref = refOfForm(store, () => form(text));
    if (ref !== undefined) return ref;
  }
  // @spec DML-REP-0002
  return text === 'HEAD' ? store.getRef(store.head()) : undefined;
}

/** Returns the ref of a text; undefined for text that no ref can have, which may still name a dag or an id. */
function refOfForm(store: Store, refName: () => RefName): Ref | undefined {
  try {
    return store.getRef(refName());
  } catch (error) {
    if (isDmlError(error) && error.code === 'ref_name_invalid') return undefined;
    throw error;
  }
}

/** Finds a ref by any of its names; throws `unknown_name` and `no_commit`. */
export function findRef(store: Store, text: string): Ref {
  const name = nfcText(text);
  const found = refNamed(store, name);
  if (found !== undefined) return found;
  refuseEmptyBranch(store, name);
  throw unknownName({ name, detail: 'ref', known: branchesOf(store) });
}

/** Finds an IndexRef by its UUID or a unique prefix of it; throws `unknown_name` and `ambiguous_prefix`. */
export function findIndexRef(store: Store, name: string): Ref {
  const wanted = name.replace(/^refs\/index\//, '');
  const fitting =
    wanted === '' ? [] : store.readRefs('index').filter((ref) => indexNameOf(ref.name).startsWith(wanted));
  const [only] = fitting;
  if (only === undefined) throw unknownName({ name, detail: 'work', known: [] });
  if (fitting.length === 1) return only;
  throw repositoryError('ambiguous_prefix', {
    name,
    candidates: fitting.map((ref) => indexNameOf(ref.name)),
  });
}

/** Throws `no_commit` when a text names the current branch and that has no commit. */
export function refuseEmptyBranch(store: Store, name: string): void {
  const head = store.head();
  const branch = branchOf(head);
  const isCurrent = name === 'HEAD' || name === head || name === branch;
  if (isCurrent && store.getRef(head) === undefined) throw repositoryError('no_commit', { branch });
}

/** Lists the names of the branches. */
export function branchesOf(store: Store): string[] {
  return store.readRefs('heads').map((ref) => branchOf(ref.name));
}
