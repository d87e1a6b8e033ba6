import { isDmlError, nfcText } from '@daggerml/object-model';
import {
  asRefName,
  headRef,
  indexRef,
  type Ref,
  type RefName,
  referenceRef,
  remoteRef,
  type Store,
  tagRef,
} from '@daggerml/store';
import { repositoryError } from '../errors.ts';
import { branchOf, tagOf } from './ref-text.ts';

/**
 * The names of refs that a text may be short for, in the order in which they are tried.
 *
 * @spec DML-REP-0003 DML-REP-0004 DML-REP-0005 DML-REP-0037 DML-REP-0351
 */
const FORMS: readonly ((text: string) => RefName)[] = [
  asRefName,
  headRef,
  tagRef,
  // @spec DML-REM-1323
  referenceRef,
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

/**
 * Returns the branch that a text names, or else the name that a new branch of this text has.
 *
 * @spec DML-REP-0035
 */
export function branchRef(store: Store, text: string): RefName {
  const name = nfcText(text);
  const named = refNamed(store, name);
  return named?.name.startsWith('refs/heads/') ? named.name : headRef(name);
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

/** Lists the names of references that have not ended. */
export function referencesOf(store: Store): string[] {
  return store.readRefs('references').map((ref) => ref.name.slice('refs/references/'.length));
}

/** Lists the names of the tags. */
export function tagsOf(store: Store): string[] {
  return store.readRefs('tags').map((ref) => tagOf(ref.name));
}
