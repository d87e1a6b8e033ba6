import type { CommitId, DagId, NodeId, ObjectClass, ObjectId } from '@daggerml/object-model';
import { treeEntries, treeGet } from '@daggerml/object-model';
import type { FoundObject, Ref, RefName, Store } from '@daggerml/store';
import { asRefName, headRef } from '@daggerml/store';
import { isAnyDmlError } from './any-dml-error.ts';
import { cliError } from './cli-error.ts';
import { currentCommit, dagsOf, type NamedDag } from './commit-view.ts';
import { nearest } from './nearest.ts';
import type { RecordReader } from './record-reader.ts';
import { branchOf, indexNameOf } from './ref-text.ts';
import { typedId } from './typed-id.ts';

/** What an object name stands for. */
export interface NamedObject {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
  /** The commit that the name leads through, whose pins give its nodes their values; undefined for an id. */
  readonly scopeCommitId: CommitId | undefined;
  /** The name of a dag of the current head that a branch of the same name hides. */
  readonly hiddenDag?: string;
}

const ID_DIGITS = /^[0-9a-fA-F]{1,64}$/;
const REVISION = /^[^~]+(~\d*)+$/;
/** Shorter prefixes are refused: they collide as a repository grows. */
const MIN_PREFIX_DIGITS = 4;

/**
 * Finds what an object name stands for: a head, a ref, a dag of the current head, an id or a unique prefix;
 * `<revision>:<dag>` and `<dag>#<node name>` select inside.
 *
 * Throws `unknown_object` with the nearest names, `no_commit`, `ambiguous_prefix` with the candidates,
 * `short_prefix` and `wrong_class`.
 */
export function findObject(reader: RecordReader, name: string): NamedObject {
  return (
    findWhole(reader, name) ??
    findInRevision(reader, name) ??
    findNode(reader, name) ??
    unknownName(reader, name)
  );
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
  throw unknown({ name, detail: 'ref', known: branchesOf(reader.store) });
}

/** Finds a head by its name; throws `ref_name_invalid`, `unknown_object` and `no_commit`. */
export function findHead(reader: RecordReader, name: string): Ref {
  const head = name.startsWith('refs/heads/') ? name : headRef(name);
  const found = refOf(reader.store, head) ?? (name === 'HEAD' ? refOf(reader.store, name) : undefined);
  if (found !== undefined) return found;
  refuseEmptyBranch(reader, name);
  throw unknown({ name, detail: 'branch', known: branchesOf(reader.store) });
}

/** Finds a dag of the current head by its very name; throws `unknown_object` and `no_commit`. */
export function findOwnDag(reader: RecordReader, name: string): NamedDag {
  const inside = branchOf(reader.store.head());
  const current = currentCommit(reader);
  if (current === undefined) throw cliError('no_commit', { branch: inside });
  const dags = dagsOf(reader, current.commit);
  const found = dags.find((dag) => dag.name === name);
  if (found !== undefined) return found;
  throw unknown({ name, word: name, detail: 'dag', inside, known: dags.map((dag) => dag.name) });
}

/** Finds the commit and the dag of `<commit>:<dag>`. */
export function findDagOfCommit(
  reader: RecordReader,
  name: string,
): { readonly commitId: CommitId; readonly dag: string } {
  const found = findObject(reader, name);
  if (found.class !== 'dag' || found.scopeCommitId === undefined)
    throw cliError('wrong_class', { name, found: found.class, wanted: 'dag' });
  return { commitId: found.scopeCommitId, dag: name.slice(name.indexOf(':') + 1) };
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
  if (found === undefined) return undefined;
  return { ...found, scopeCommitId: found.class === 'commit' ? (found.objectId as CommitId) : undefined };
}

function currentDag(reader: RecordReader, name: string): NamedObject | undefined {
  const current = currentCommit(reader);
  if (current === undefined) return undefined;
  const { dags } = reader.read('tree', current.commit.treeId);
  const dagId = treeGet('dags', dags, name, reader)?.[1];
  return dagId && { class: 'dag', objectId: dagId, scopeCommitId: current.commitId };
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

/** @spec DML-CLI-0605 */
function findInRevision(reader: RecordReader, name: string): NamedObject | undefined {
  const colon = name.indexOf(':');
  if (colon <= 0) return undefined;
  const commit = findWhole(reader, name.slice(0, colon));
  if (commit?.class !== 'commit') return undefined;
  const wanted = name.slice(colon + 1);
  const inside = name.slice(0, colon);
  const dags = dagsOf(reader, reader.read('commit', commit.objectId));
  // `<revision>:<dag>#<name>` is a node of that dag.
  const dag =
    dags.find((entry) => entry.name === wanted) ?? dags.find((entry) => wanted.startsWith(`${entry.name}#`));
  if (dag === undefined) {
    const word = wanted.replace(/#.*/s, '');
    throw unknown({ name, word, detail: 'dag', inside, known: dags.map((entry) => entry.name) });
  }
  const found: NamedObject = {
    class: 'dag',
    objectId: dag.dagId,
    scopeCommitId: commit.objectId as CommitId,
  };
  return dag.name === wanted
    ? found
    : nodeInDag(reader, found, {
        name,
        inside: `${inside}:${dag.name}`,
        nodeName: wanted.slice(dag.name.length + 1),
      });
}

/** `<dag>#<name>`; a dag's name may hold the sign itself, so every place of it is tried. */
function findNode(reader: RecordReader, name: string): NamedObject | undefined {
  for (let hash = name.indexOf('#'); hash > 0; hash = name.indexOf('#', hash + 1)) {
    const inside = name.slice(0, hash);
    // @spec DML-CLI-0610
    const found = currentDag(reader, inside) ?? findWhole(reader, inside);
    if (found === undefined) continue;
    if (found.class !== 'dag')
      throw cliError('wrong_class', { name: inside, found: found.class, wanted: 'dag' });
    return nodeInDag(reader, found, { name, inside, nodeName: name.slice(hash + 1) });
  }
  return undefined;
}

/** @spec DML-CLI-0606 */
function nodeInDag(
  reader: RecordReader,
  found: NamedObject,
  { name, inside, nodeName }: { name: string; inside: string; nodeName: string },
): NamedObject {
  const dag = reader.read('dag', found.objectId as DagId);
  const nodeId: NodeId | undefined =
    nodeName === 'root' ? dag.rootNodeId : treeGet('names', dag.names, nodeName, reader)?.[1];
  if (nodeId !== undefined) return { class: 'node', objectId: nodeId, scopeCommitId: found.scopeCommitId };
  const names = [...treeEntries('names', dag.names, reader)].map(([known]) => known);
  throw unknown({ name, word: nodeName, detail: 'node', inside, known: ['root', ...names] });
}

function refOf(store: Store, name: string): Ref | undefined {
  if (name.startsWith('refs/')) return store.getRef(asRefName(name));
  const head = headNamed(name);
  return (head && store.getRef(head)) ?? (name === 'HEAD' ? store.getRef(store.head()) : undefined);
}

/** A text that no head can have may still name a dag or an id. */
function headNamed(name: string): RefName | undefined {
  try {
    return headRef(name);
  } catch {
    return undefined;
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

function unknownName(reader: RecordReader, name: string): never {
  refuseEmptyBranch(reader, name);
  const steps = /^([^~]+)(?:~\d*)+$/.exec(name);
  if (steps?.[1] !== undefined && findWhole(reader, steps[1])?.class === 'commit')
    throw unknown({ name, detail: 'history', inside: steps[1], known: [] });
  const current = currentCommit(reader);
  const dags = current === undefined ? [] : dagsOf(reader, current.commit).map((dag) => dag.name);
  throw unknown({ name, known: [...branchesOf(reader.store), ...dags] });
}

function refuseEmptyBranch({ store }: RecordReader, name: string): void {
  const branch = branchOf(store.head());
  const isCurrent = name === 'HEAD' || name === store.head() || name === branch;
  if (isCurrent && store.getRef(store.head()) === undefined) throw cliError('no_commit', { branch });
}

function branchesOf(store: Store): string[] {
  return store.readRefs('heads').map((ref) => branchOf(ref.name));
}

/** What a name that stands for nothing is told apart by. */
interface UnknownName {
  readonly name: string;
  /** The part of the name that is not known; its beginning up to a sign by default. */
  readonly word?: string;
  /** What was looked for, where only one thing was. */
  readonly detail?: 'ref' | 'branch' | 'dag' | 'node' | 'history';
  /** What it was looked for in. */
  readonly inside?: string;
  readonly known: readonly string[];
}

/** @spec DML-CLI-0604 */
function unknown({ name, word, detail, inside = '', known }: UnknownName): Error {
  const words = word === undefined ? [name, name.replace(/(?<=.)[~:#@].*/s, '')] : [word];
  const near = [...new Set(words.flatMap((text) => nearest(text, known)))].slice(0, 3);
  return cliError('unknown_object', { name, word: word ?? name, inside, nearest: near }, undefined, detail);
}
