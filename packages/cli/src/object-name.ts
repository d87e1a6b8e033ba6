import type { CommitId, DagId, NodeId, ObjectClass, ObjectId } from '@daggerml/object-model';
import { treeGet } from '@daggerml/object-model';
import type { Ref, RefName, Store } from '@daggerml/store';
import { headRef, parseRefName } from '@daggerml/store';
import { cliError } from './cli-error.ts';
import { currentCommit, dagsOf, type NamedDag } from './commit-view.ts';
import { nearest } from './nearest.ts';
import { RecordReader } from './record-reader.ts';
import { branchOf, indexNameOf } from './ref-text.ts';

/** What an object name stands for. */
export interface NamedObject {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
  /** The commit whose pins give its nodes their values; undefined without any commit. */
  readonly scopeCommitId: CommitId | undefined;
}

const ID_DIGITS = /^[0-9a-fA-F]{1,64}$/;
/** Shorter prefixes are refused: they collide as a repository grows. */
const MIN_PREFIX_DIGITS = 4;

/**
 * Finds what an object name stands for: a head, a ref, a dag of the current head, an id or a unique prefix;
 * `<revision>:<dag>` and `<dag>#<node name>` select inside.
 *
 * Throws `unknown_object` with the nearest names, `ambiguous_prefix` with the candidates, `short_prefix`.
 */
export function findObject(reader: RecordReader, name: string): NamedObject {
  const hash = name.indexOf('#');
  if (hash > 0) return findNode(reader, name.slice(0, hash), name.slice(hash + 1));
  return findWhole(reader, name) ?? findInRevision(reader, name) ?? unknownName(reader, name);
}

/** Finds the commit that a head, ref, revision, id or prefix stands for. */
export function findCommit(reader: RecordReader, name: string): CommitId {
  const found = findObject(reader, name);
  if (found.class === 'commit') return found.objectId as CommitId;
  throw cliError('wrong_class', { name, found: found.class, wanted: 'commit' });
}

/** Finds a ref by head name or full name; throws `unknown_object`. */
export function findRef(reader: RecordReader, name: string): Ref {
  return refOf(reader.store, name) ?? unknownName(reader, name);
}

/** Finds an IndexRef by its UUID or a unique prefix of it. */
export function findIndexRef(store: Store, name: string): Ref {
  const wanted = name.replace(/^refs\/index\//, '');
  const fitting = wanted === '' ? [] : store.readRefs('index').filter((ref) => indexNameOf(ref.name).startsWith(wanted));
  const [only] = fitting;
  if (only === undefined) throw cliError('unknown_index', { name });
  if (fitting.length === 1) return only;
  throw cliError('ambiguous_prefix', { name, candidates: fitting.map((ref) => indexNameOf(ref.name)).join(', ') });
}

/** @spec DML-CLI-0601 */
function findWhole(reader: RecordReader, name: string): NamedObject | undefined {
  const ref = refOf(reader.store, name);
  if (ref !== undefined) return { class: 'commit', objectId: ref.commitId, scopeCommitId: ref.commitId };
  const current = currentCommit(reader);
  const dag = current && dagsOf(reader, current.commit).find((entry) => entry.name === name);
  if (dag !== undefined) return { class: 'dag', objectId: dag.dagId, scopeCommitId: current?.commitId };
  const found = ID_DIGITS.test(name) ? findById(reader.store, name.toLowerCase()) : findRevision(reader.store, name);
  if (found === undefined) return undefined;
  const scopeCommitId = found.class === 'commit' ? (found.objectId as CommitId) : current?.commitId;
  return { ...found, scopeCommitId };
}

/** `main~2` and the like. */
function findRevision(store: Store, name: string): { class: ObjectClass; objectId: ObjectId } | undefined {
  if (!/^[^~]+(~\d*)+$/.test(name)) return undefined;
  const found = store.resolve(name);
  return found.state === 'found' ? { class: found.class, objectId: found.objectId } : undefined;
}

/** @spec DML-CLI-0605 */
function findInRevision(reader: RecordReader, name: string): NamedObject | undefined {
  const colon = name.indexOf(':');
  if (colon <= 0) return undefined;
  const commit = findWhole(reader, name.slice(0, colon));
  if (commit?.class !== 'commit') return undefined;
  const dags = dagsOf(reader, reader.read('commit', commit.objectId));
  const dagName = name.slice(colon + 1);
  const dag = dags.find((entry) => entry.name === dagName);
  if (dag === undefined) throw notAmong(name, dagName, dags);
  return { class: 'dag', objectId: dag.dagId, scopeCommitId: commit.objectId as CommitId };
}

/** @spec DML-CLI-0606 */
function findNode(reader: RecordReader, dagName: string, nodeName: string): NamedObject {
  const found = findObject(reader, dagName);
  if (found.class !== 'dag') throw cliError('wrong_class', { name: dagName, found: found.class, wanted: 'dag' });
  const dag = reader.read('dag', found.objectId as DagId);
  const nodeId: NodeId | undefined =
    nodeName === 'root' ? dag.rootNodeId : treeGet('names', dag.names, nodeName, reader)?.[1];
  if (nodeId === undefined) throw cliError('unknown_object', { name: `${dagName}#${nodeName}`, nearest: '' });
  return { class: 'node', objectId: nodeId, scopeCommitId: found.scopeCommitId };
}

function refOf(store: Store, name: string): Ref | undefined {
  if (name.startsWith('refs/')) {
    parseRefName(name);
    return store.getRef(name as RefName);
  }
  return isHeadName(name) ? store.getRef(headRef(name)) : undefined;
}

/** A text that no head can have may still name a dag or an id. */
function isHeadName(name: string): boolean {
  try {
    headRef(name);
    return true;
  } catch {
    return false;
  }
}

function findById(store: Store, prefix: string): { class: ObjectClass; objectId: ObjectId } | undefined {
  // @spec DML-CLI-0602
  if (prefix.length < MIN_PREFIX_DIGITS) throw cliError('short_prefix', { name: prefix });
  const found = store.resolvePrefix(prefix);
  if (found.state === 'none') return undefined;
  if (found.state === 'unique') return { class: found.class, objectId: found.objectId };
  // @spec DML-CLI-0603
  const candidates = found.candidates
    .slice(0, 8)
    .map((candidate) => `${candidate.objectId.slice(0, 16)} (${candidate.class})`);
  throw cliError('ambiguous_prefix', { name: prefix, candidates: candidates.join(', ') });
}

function unknownName(reader: RecordReader, name: string): never {
  const current = currentCommit(reader);
  const dags = current === undefined ? [] : dagsOf(reader, current.commit);
  const heads = reader.store.readRefs('heads').map((ref) => ({ name: branchOf(ref.name) }));
  throw notAmong(name, name, [...heads, ...dags]);
}

/** @spec DML-CLI-0604 */
function notAmong(name: string, word: string, known: readonly Pick<NamedDag, 'name'>[]): Error {
  return cliError('unknown_object', { name, nearest: nearest(word, known.map((entry) => entry.name)).join(', ') });
}
