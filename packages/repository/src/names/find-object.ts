import { type CommitId, type DagId, isDmlError, nfcText, treeEntries, treeGet } from '@daggerml/object-model';
import type { FoundObject } from '@daggerml/store';
import { repositoryError } from '../errors.ts';
import { currentCommit, dagsOf } from '../views/commit-view.ts';
import { objectValue } from '../views/object-value.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { type FoundByDigits, findByDigits, isWholeId, refuseShortId } from './find-by-digits.ts';
import { couldBeName, type NamedObject } from './named-object.ts';
import { branchesOf, referencesOf, refNamed, refuseEmptyBranch, tagsOf } from './ref-forms.ts';
import { branchOf } from './ref-text.ts';
import { unknownName } from './unknown-name.ts';
import { memberAt, type NamedValue } from './value-path.ts';

/** A name that was found, or the refusal of the reading that comes nearest; undefined where no reading fits. */
type Reading = NamedObject | Error | undefined;

/**
 * Finds the object that a name stands for, by the forms of the repository's specification.
 *
 * Throws `unknown_name` with the nearest names, `no_commit`, `ambiguous_prefix` with the candidates, `short_prefix` and
 * `wrong_class`.
 */
export function findObject(reader: RecordReader, text: string): NamedObject {
  const name = nfcText(text);
  const found = readName(reader, name) ?? refuseUnknown(reader, name);
  if (found instanceof Error) throw found;
  return found;
}

/** Reads a name in NFC by each of its forms; undefined where none fits. */
export function readName(reader: RecordReader, name: string): Reading {
  return firstReading(reader, name, [findSelected, findMember]);
}

/** Returns the first object that a form finds, or else the first refusal. */
function firstReading(
  reader: RecordReader,
  name: string,
  forms: readonly ((reader: RecordReader, name: string) => Reading)[],
): Reading {
  let refusal: Error | undefined;
  for (const form of forms) {
    const found = form(reader, name);
    if (found instanceof Error) refusal ??= found;
    else if (found !== undefined) return found;
  }
  return refusal;
}

/** Finds the commit that a name stands for; throws as `findObject`, and `wrong_class` for any other object. */
export function findCommit(reader: RecordReader, name: string): CommitId {
  const found = findObject(reader, name);
  if (found.class === 'commit') return found.objectId as CommitId;
  throw repositoryError('wrong_class', { name, found: found.class, wanted: 'commit' });
}

/** Finds what a name without a path into a value stands for. */
function findSelected(reader: RecordReader, name: string): Reading {
  return firstReading(reader, name, [findWhole, findInRevision, findNode]);
}

/**
 * Finds what a name stands for that selects nothing inside of a commit or dag: by an id in full, a ref, a dag of the
 * current branch, steps from a commit, or first digits.
 */
export function findWhole(reader: RecordReader, name: string): NamedObject | undefined {
  const { store } = reader;
  // @spec DML-REP-0001
  const object = isWholeId(name) ? findByDigits(store, name) : undefined;
  if (object !== undefined) return scoped(object);
  const ref = refNamed(store, name);
  if (ref !== undefined)
    return {
      ...scoped({ class: 'commit', objectId: ref.commitId, ref }),
      ...(hasDag(reader, name) && { shadowedDag: `${branchOf(store.head())}:${name}` }),
    };
  // @spec DML-REP-0006
  const dag = currentDag(reader, name);
  if (dag !== undefined) return dag;
  // @spec DML-REP-0007
  const found = findSteps(reader, name) ?? findByDigits(store, name);
  return found && scoped(found);
}

/** Returns an object that was found without a commit; a commit is the scope of its own nodes. */
function scoped(found: FoundByDigits): NamedObject {
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

/** Checks whether the current head has a dag of a name; one that cannot be read hides nothing. */
function hasDag(reader: RecordReader, name: string): boolean {
  try {
    return currentDag(reader, name) !== undefined;
  } catch (error) {
    if (isDmlError(error)) return false;
    throw error;
  }
}

/** Resolves `<commit>~<n>`, the n-th first parent of a commit. */
function findSteps(reader: RecordReader, name: string): FoundObject | undefined {
  const [, base, suffix = ''] = /^(.+?)((?:~\d{0,9})+)$/s.exec(name) ?? [];
  const start = base === undefined ? undefined : findWhole(reader, base);
  if (start?.class !== 'commit') return undefined;
  const steps = suffix.split('~').slice(1);
  let left = steps.reduce((sum, digits) => sum + (digits === '' ? 1 : Number(digits)), 0);
  let commitId: CommitId | undefined = start.objectId as CommitId;
  // @spec DML-REP-0008
  for (; left > 0 && commitId !== undefined; left -= 1)
    [commitId] = reader.read('commit', commitId).parentCommitIds;
  return commitId && { class: 'commit', objectId: commitId };
}

/**
 * Resolves `<commit>:<dag>` and `<commit>:<dag>#<name>`; names may contain either sign, so every split is tried.
 */
function findInRevision(reader: RecordReader, name: string): Reading {
  let refusal: Error | undefined;
  for (const [inside, wanted] of cutsAt(':', name)) {
    const commit = findWhole(reader, inside);
    if (commit?.class !== 'commit') continue;
    const commitId = commit.objectId as CommitId;
    // @spec DML-CLI-0605
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

/** Resolves `<dag>#<name>`. */
function findNode(reader: RecordReader, name: string): Reading {
  return nodeIn(reader, name, {
    name,
    prefix: '',
    // @spec DML-CLI-0610
    dagNamed: (inside) => currentDag(reader, inside) ?? findWhole(reader, inside),
  });
}

/** A text that may name a node, split into its parts. */
interface NodeReading {
  /** The whole name, for a refusal. */
  readonly name: string;
  /** The part before the name of the dag. */
  readonly prefix: string;
  dagNamed(inside: string): NamedObject | undefined;
}

/**
 * Returns the node that `<dag>#<name>` stands for; the member of the value of the root where the dag names no such node.
 * A name may hold the sign itself, so every place of it is tried.
 */
function nodeIn(reader: RecordReader, text: string, { name, prefix, dagNamed }: NodeReading): Reading {
  let refusal: Error | undefined;
  // @spec DML-CLI-0661
  for (const [inside, nodeName] of cutsAt('#', text)) {
    const found = dagNamed(inside);
    if (found === undefined) continue;
    if (found.class !== 'dag') {
      refusal ??= repositoryError('wrong_class', { name: inside, found: found.class, wanted: 'dag' });
      continue;
    }
    const node = nodeOfDag(reader, found, nodeName) ?? memberOfNode(reader, found, nodeName);
    if (node !== undefined) return node;
    const { names } = reader.read('dag', found.objectId);
    const known = ['root', ...Array.from(treeEntries('names', names, reader), ([each]) => each)];
    refusal ??= unknownName({ name, word: nodeName, detail: 'node', inside: prefix + inside, known });
  }
  return refusal;
}

function nodeOfDag(reader: RecordReader, dag: NamedObject, name: string): NamedObject | undefined {
  const { rootNodeId, names } = reader.read('dag', dag.objectId as DagId);
  // @spec DML-CLI-0606
  const nodeId =
    name === 'root' ? rootNodeId : couldBeName(name) ? treeGet('names', names, name, reader)?.[1] : undefined;
  return (
    nodeId && {
      class: 'node',
      objectId: nodeId,
      scopeCommitId: dag.scopeCommitId,
      insideDagId: dag.objectId as DagId,
    }
  );
}

/**
 * Resolves `<dag>#<name>.<path>`, and `<dag>#<path>` into the value of the root.
 *
 * @spec DML-REP-0013 DML-REP-0038
 */
function memberOfNode(reader: RecordReader, dag: NamedObject, text: string): NamedObject | undefined {
  for (const [name, path] of pathCuts(text)) {
    const node = nodeOfDag(reader, dag, name);
    const found = node && memberOf(reader, node, path);
    if (found !== undefined) return found;
  }
  return memberOf(reader, dag, text.startsWith('[') ? text : `.${text}`);
}

/** Finds the member of a value that a name with a path stands for, such as `sales.by_month[3]`. */
function findMember(reader: RecordReader, name: string): Reading {
  for (const [inside, path] of pathCuts(name)) {
    const found = findSelected(reader, inside);
    if (found === undefined || found instanceof Error) continue;
    const value = valueUnless(NO_VALUE, () => objectValue(reader, inside, found));
    if (value === undefined) continue;
    // @spec DML-REP-0010
    const member = memberAt(reader, value, path);
    if (member !== undefined) return member;
    const known = keysOf(reader, value);
    return unknownName({ name, word: path.slice(1), detail: 'member', inside, known });
  }
  return undefined;
}

/** Follows a path into the value of an object; undefined where it has no value, or no such member. */
function memberOf(reader: RecordReader, found: NamedObject, path: string): NamedObject | undefined {
  const value = valueUnless(NO_OUTCOME, () => objectValue(reader, '', found));
  return value && memberAt(reader, value, path);
}

const NO_VALUE: readonly string[] = ['no_value'];
const NO_OUTCOME: readonly string[] = [...NO_VALUE, 'not_executed', 'call_failed'];

function valueUnless(codes: readonly string[], read: () => NamedValue): NamedValue | undefined {
  try {
    return read();
  } catch (error) {
    if (isDmlError(error) && codes.includes(error.code)) return undefined;
    throw error;
  }
}

/** Keys of a map that a mistyped one is compared with. */
const MAX_KEYS = 1_000;

/** Lists the first keys of a map. */
function keysOf(reader: RecordReader, { datum }: NamedValue): string[] {
  const keys: string[] = [];
  if (datum.kind !== 'map') return keys;
  for (const [key] of treeEntries('map', datum.root, reader)) if (keys.push(key) === MAX_KEYS) break;
  return keys;
}

function refuseUnknown(reader: RecordReader, name: string): never {
  refuseEmptyBranch(reader.store, name);
  refuseShortId(name);
  refuseLongHistory(reader, name);
  const current = currentCommit(reader);
  const dags = current === undefined ? [] : dagsOf(reader, current.commit).map((dag) => dag.name);
  // @spec DML-BND-0309
  const { store } = reader;
  const refs = [...branchesOf(store), ...tagsOf(store), ...referencesOf(store)];
  throw unknownName({ name, known: [...refs, ...dags] });
}

/** Throws `unknown_name` for more steps back than the history of a commit has. */
export function refuseLongHistory(reader: RecordReader, name: string): void {
  const steps = /^([^~]+)(?:~\d*)+$/.exec(name);
  if (steps?.[1] !== undefined && findWhole(reader, steps[1])?.class === 'commit')
    throw unknownName({ name, detail: 'history', inside: steps[1], known: [] });
}

/** Yields each way to cut a text in two at a sign, save at its first character. */
function* cutsAt(sign: string, text: string): Generator<[before: string, after: string]> {
  for (let at = text.indexOf(sign, 1); at > 0; at = text.indexOf(sign, at + 1))
    yield [text.slice(0, at), text.slice(at + 1)];
}

/**
 * Yields each way to cut a path into a value off a name, the longest name first; the path begins with its `.` or `[`.
 */
function* pathCuts(text: string): Generator<[name: string, path: string]> {
  for (let at = text.length - 1; at > 0; at -= 1)
    if (text[at] === '.' || text[at] === '[') yield [text.slice(0, at), text.slice(at)];
}
