import { type CommitId, treeGet } from '@daggerml/object-model';
import type { FoundObject, Ref, RefName, Store } from '@daggerml/store';
import { asRefName, headRef } from '@daggerml/store';
import { isAnyDmlError } from './any-dml-error.ts';
import { cliError } from './cli-error.ts';
import { currentCommit, dagsOf, type NamedDag } from './commit-view.ts';
import { cutsAt, nodeIn } from './named-node.ts';
import { couldBeName, type NamedObject } from './named-object.ts';
import type { RecordReader } from './record-reader.ts';
import { branchOf, indexNameOf } from './ref-text.ts';
import { typedId } from './typed-id.ts';
import { unknownName } from './unknown-name.ts';

const ID_DIGITS = /^[0-9a-fA-F]{1,64}$/;
const FULL_ID = /^[0-9a-fA-F]{64}$/;
const REVISION = /^[^~]+(~\d*)+$/;
/** Shorter prefixes are refused: they collide as a repository grows. */
const MIN_PREFIX_DIGITS = 4;

/**
 * Finds what an object name stands for: a full id, a head, a ref, a dag of the current head or a unique prefix of an
 * id; `<revision>:<dag>` and `<dag>#<node name>` select inside.
 *
 * Throws `unknown_object` with the nearest names, `no_commit`, `ambiguous_prefix` with the candidates,
 * `short_prefix` and `wrong_class`.
 */
export function findObject(reader: RecordReader, name: string): NamedObject {
  let refusal: Error | undefined;
  for (const find of [findWhole, findInRevision, findNode]) {
    const found = find(reader, name);
    if (found instanceof Error) refusal ??= found;
    else if (found !== undefined) return found;
  }
  throw refusal ?? refuseUnknown(reader, name);
}

/** Finds the commit that a head, ref, revision, id or prefix stands for. */
export function findCommit(reader: RecordReader, name: string): CommitId {
  const found = findObject(reader, name);
  if (found.class === 'commit') return found.objectId as CommitId;
  throw cliError('wrong_class', { name, found: found.class, wanted: 'commit' });
}

/** Finds a ref by head name or full name; throws `unknown_object` and `no_commit`. */
export function findRef(reader: RecordReader, name: string): Ref {
  const found = refOf(reader.store, name);
  if (found !== undefined) return found;
  refuseEmptyBranch(reader, name);
  throw unknownName({ name, detail: 'ref', known: branchesOf(reader.store) });
}

/** Finds a head by its name; throws `unknown_object` and `no_commit`. */
export function findHead(reader: RecordReader, name: string): Ref {
  const { store } = reader;
  const found = name.startsWith('refs/heads/')
    ? refOf(store, name)
    : (refNamed(store, () => headRef(name)) ?? (name === 'HEAD' ? refOf(store, name) : undefined));
  if (found !== undefined) return found;
  refuseEmptyBranch(reader, name);
  throw unknownName({ name, detail: 'branch', known: branchesOf(reader.store) });
}

/** Finds a dag of the current head by its very name; throws `unknown_object` and `no_commit`. */
export function findOwnDag(reader: RecordReader, name: string): NamedDag {
  const inside = branchOf(reader.store.head());
  const current = currentCommit(reader);
  if (current === undefined) throw cliError('no_commit', { branch: inside });
  const dags = dagsOf(reader, current.commit);
  const found = dags.find((dag) => dag.name === name);
  if (found !== undefined) return found;
  throw unknownName({ name, word: name, detail: 'dag', inside, known: dags.map((dag) => dag.name) });
}

/** Finds the commit and the dag of `<commit>:<dag>`. */
export function findDagOfCommit(
  reader: RecordReader,
  name: string,
): { readonly commitId: CommitId; readonly dag: string } {
  const found = findObject(reader, name);
  if (found.class !== 'dag' || found.scopeCommitId === undefined || found.dagName === undefined)
    throw cliError('wrong_class', { name, found: found.class, wanted: 'dag' });
  return { commitId: found.scopeCommitId, dag: found.dagName };
}

/** Finds an IndexRef by its UUID or a unique prefix of it. */
export function findIndexRef(store: Store, name: string): Ref {
  const wanted = name.replace(/^refs\/index\//, '');
  const fitting =
    wanted === '' ? [] : store.readRefs('index').filter((ref) => indexNameOf(ref.name).startsWith(wanted));
  const [only] = fitting;
  if (only === undefined) throw cliError('unknown_index', { name });
  if (fitting.length === 1) return only;
  throw cliError('ambiguous_prefix', { name, candidates: fitting.map((ref) => indexNameOf(ref.name)) });
}

/** @spec DML-CLI-0601 */
function findWhole(reader: RecordReader, name: string): NamedObject | undefined {
  const object = FULL_ID.test(name) ? findById(reader.store, name.toLowerCase()) : undefined;
  if (object !== undefined) return scoped(object);
  const ref = refOf(reader.store, name);
  if (ref !== undefined)
    return {
      class: 'commit',
      objectId: ref.commitId,
      scopeCommitId: ref.commitId,
      ...(hasDag(reader, name) && { hiddenDag: `${branchOf(reader.store.head())}:${name}` }),
    };
  const dag = currentDag(reader, name);
  if (dag !== undefined) return dag;
  const found = ID_DIGITS.test(name)
    ? findById(reader.store, name.toLowerCase())
    : findRevision(reader.store, name);
  return found && scoped(found);
}

/** An object that no commit led to; a commit is the scope of its own nodes. */
function scoped(found: FoundObject): NamedObject {
  return { ...found, scopeCommitId: found.class === 'commit' ? (found.objectId as CommitId) : undefined };
}

function currentDag(reader: RecordReader, name: string): NamedObject | undefined {
  const current = currentCommit(reader);
  return current && dagOfCommit(reader, current.commitId, name);
}

function dagOfCommit(reader: RecordReader, commitId: CommitId, name: string): NamedObject | undefined {
  if (!couldBeName(name)) return undefined;
  const { dags } = reader.read('tree', reader.read('commit', commitId).treeId);
  const dagId = treeGet('dags', dags, name, reader)?.[1];
  return dagId && { class: 'dag', objectId: dagId, scopeCommitId: commitId, dagName: name };
}

/** Tells whether the current head has a dag of a name; one that cannot be read hides nothing. */
function hasDag(reader: RecordReader, name: string): boolean {
  try {
    return currentDag(reader, name) !== undefined;
  } catch (error) {
    if (isAnyDmlError(error)) return false;
    throw error;
  }
}

/** `main~2` and the like. */
function findRevision(store: Store, name: string): FoundObject | undefined {
  if (!REVISION.test(name)) return undefined;
  const found = store.resolve(name);
  if (found.state === 'ambiguous') throw ambiguous(name, found.candidates);
  return found.state === 'found' ? { class: found.class, objectId: found.objectId } : undefined;
}

/**
 * `<revision>:<dag>` and `<revision>:<dag>#<name>`; a name may hold either sign, so every place of them is tried.
 *
 * @spec DML-CLI-0605
 */
function findInRevision(reader: RecordReader, name: string): NamedObject | Error | undefined {
  let refusal: Error | undefined;
  for (const [inside, wanted] of cutsAt(':', name)) {
    const commit = findWhole(reader, inside);
    if (commit?.class !== 'commit') continue;
    const commitId = commit.objectId as CommitId;
    const dag = dagOfCommit(reader, commitId, wanted);
    if (dag !== undefined) return dag;
    const node = nodeIn(reader, wanted, {
      name,
      prefix: `${inside}:`,
      dagNamed: (text) => dagOfCommit(reader, commitId, text),
    });
    if (node !== undefined && !(node instanceof Error)) return node;
    const known = dagsOf(reader, reader.read('commit', commitId)).map((entry) => entry.name);
    refusal ??=
      node ?? unknownName({ name, word: wanted.replace(/(?<=.)#.*/s, ''), detail: 'dag', inside, known });
  }
  return refusal;
}

/** `<dag>#<name>`. */
function findNode(reader: RecordReader, name: string): NamedObject | Error | undefined {
  return nodeIn(reader, name, {
    name,
    prefix: '',
    // @spec DML-CLI-0610
    dagNamed: (inside) => currentDag(reader, inside) ?? findWhole(reader, inside),
  });
}

function refOf(store: Store, name: string): Ref | undefined {
  if (name.startsWith('refs/')) return refNamed(store, () => asRefName(name));
  return refNamed(store, () => headRef(name)) ?? (name === 'HEAD' ? store.getRef(store.head()) : undefined);
}

/** A text that no ref can have may still name a dag or an id. */
function refNamed(store: Store, refName: () => RefName): Ref | undefined {
  try {
    return store.getRef(refName());
  } catch (error) {
    if (isAnyDmlError(error) && error.code === 'ref_name_invalid') return undefined;
    throw error;
  }
}

function findById(store: Store, prefix: string): FoundObject | undefined {
  // @spec DML-CLI-0602
  if (prefix.length < MIN_PREFIX_DIGITS) throw cliError('short_prefix', { name: prefix });
  const found = store.resolvePrefix(prefix);
  if (found.state === 'none') return undefined;
  if (found.state === 'unique') return { class: found.class, objectId: found.objectId };
  throw ambiguous(prefix, found.candidates);
}

/** @spec DML-CLI-0603 */
function ambiguous(name: string, candidates: readonly FoundObject[]): Error {
  const texts = candidates.map((candidate) => `${typedId(candidate.objectId)} (${candidate.class})`);
  return cliError('ambiguous_prefix', { name, candidates: texts });
}

function refuseUnknown(reader: RecordReader, name: string): never {
  refuseEmptyBranch(reader, name);
  const steps = /^([^~]+)(?:~\d*)+$/.exec(name);
  if (steps?.[1] !== undefined && findWhole(reader, steps[1])?.class === 'commit')
    throw unknownName({ name, detail: 'history', inside: steps[1], known: [] });
  const current = currentCommit(reader);
  const dags = current === undefined ? [] : dagsOf(reader, current.commit).map((dag) => dag.name);
  throw unknownName({ name, known: [...branchesOf(reader.store), ...dags] });
}

function refuseEmptyBranch({ store }: RecordReader, name: string): void {
  const branch = branchOf(store.head());
  const isCurrent = name === 'HEAD' || name === store.head() || name === branch;
  if (isCurrent && store.getRef(store.head()) === undefined) throw cliError('no_commit', { branch });
}

function branchesOf(store: Store): string[] {
  return store.readRefs('heads').map((ref) => branchOf(ref.name));
}
