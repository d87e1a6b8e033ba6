import { type CommitId, type DagId, type ExecId, isDmlError, type NodeId } from '@daggerml/object-model';
import { callingName } from '../compare/recorded-names.ts';
import { dagNodes } from '../dags/import-dag.ts';
import { repositoryError } from '../errors.ts';
import { findObject } from '../names/find-object.ts';
import type { NamedObject } from '../names/named-object.ts';
import { shortId } from '../names/typed-id.ts';
import { treeScope } from '../nodes/pin-scope.ts';
import { callText } from '../views/call-text.ts';
import { currentCommit, dagsOf } from '../views/commit-view.ts';
import { callsOf, namesIn } from '../views/dag-view.ts';
import type { HistoryCommit } from '../workspace/history.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import type { CallPlace } from './call-place.ts';
import { historyOf, PinReader } from './earlier-commit.ts';
import { execsMadeBelow, findMadeCall } from './made-calls.ts';
import { computed } from './own-differences.ts';

/** A call, or all calls of a dag. */
export type ExplainedName = CallPlace | { readonly commitId: CommitId; readonly dagName: string };

/** Calls of dags that are looked through for a call that is named by its function. */
const MAX_CALLS = 50_000;
/** Calls that an ambiguous name lists. */
const MAX_CANDIDATES = 10;

/**
 * Finds the call or dag that a name stands for. Throws as `findNamed`, and `wrong_class` for any other object.
 */
export function findCall(reader: RecordReader, name: string): ExplainedName {
  return placeOf(reader, name, findNamed(reader, name));
}

/**
 * Finds what a name stands for where calls are wanted: by every form of a name, else a call of the current branch by its
 * function or text, such as `fit`, `report#fit` or `fit(rows, 3)`.
 *
 * Throws as `findObject`, and `ambiguous_prefix` for a function with several calls.
 *
 * @spec DML-REP-0300
 */
export function findNamed(reader: RecordReader, name: string): NamedObject {
  try {
    return findObject(reader, name);
  } catch (error) {
    const called = isDmlError(error) && NO_OBJECT.includes(error.code) ? callsNamed(reader, name) : [];
    const [only] = called;
    if (only === undefined) throw error;
    if (called.length === 1) return only.found;
    // @spec DML-REP-0301
    const candidates = called
      .slice(0, MAX_CANDIDATES)
      .map(({ found, text }) => `${text} (${shortId(found.objectId)})`);
    throw repositoryError('ambiguous_prefix', { name, candidates }, undefined, 'calls');
  }
}

const NO_OBJECT: readonly string[] = ['unknown_name', 'short_prefix'];

function placeOf(reader: RecordReader, name: string, found: NamedObject): ExplainedName {
  const { class: objectClass, objectId } = found;
  if (objectClass === 'dag') {
    const commitId = found.scopeCommitId ?? currentCommit(reader)?.commitId;
    const dagName = commitId && (found.dagName ?? nameOfDag(reader, commitId, objectId as DagId));
    if (commitId !== undefined && dagName !== undefined) return { commitId, dagName };
  }
  const nodeId = objectClass === 'exec' ? reader.read('exec', objectId).nodeId : (objectId as NodeId);
  if ((objectClass === 'node' || objectClass === 'exec') && computed(reader, nodeId)?.kind === 'call') {
    const commitId = found.scopeCommitId ?? commitWith(reader, nodeId);
    if (commitId === undefined) return placeInResult(reader, nodeId, found);
    const dagName =
      found.insideDagId === undefined
        ? dagWith(reader, commitId, nodeId)
        : (found.dagName ?? nameOfDag(reader, commitId, found.insideDagId));
    return { nodeId, commitId, dagName };
  }
  const kind = objectClass === 'node' ? reader.read('node', nodeId).kind : objectClass;
  throw repositoryError('wrong_class', { name, found: kind, wanted: 'call' }, undefined, 'no_call');
}

/** Finds a call that only functions have made. Throws `not_executed` where none has. */
function placeInResult(reader: RecordReader, nodeId: NodeId, found: NamedObject): CallPlace {
  const execId = found.class === 'exec' ? (found.objectId as ExecId) : undefined;
  const find = (wanted: ExecId | undefined): CallPlace | undefined =>
    findMadeCall(reader, commitsToSearch(reader), { nodeId, execId: wanted });
  const place = find(execId) ?? (execId && find(undefined));
  // @spec DML-REP-3700
  if (place === undefined) throw repositoryError('not_executed', { nodeId }, undefined, 'no_commit');
  return placedInDag(reader, place);
}

/** Adds the name of the dag to a place. */
function placedInDag(reader: RecordReader, { madeBy, ...place }: CallPlace): CallPlace {
  const maker = madeBy && placedInDag(reader, madeBy);
  const dagName = maker === undefined ? dagWith(reader, place.commitId, place.nodeId) : maker.dagName;
  return { ...place, dagName, ...(maker && { madeBy: maker }) };
}

/** Returns a commit that has an outcome of a node: the current one, work in progress, or the latest before. */
function commitWith(reader: RecordReader, nodeId: NodeId): CommitId | undefined {
  const pins = new PinReader(reader, nodeId);
  for (const { commitId, commit } of commitsToSearch(reader))
    if (pins.in(commit) !== undefined) return commitId;
  return undefined;
}

/** Iterates the current commit, work in progress, and the history of every branch, that of the current one first. */
function* commitsToSearch(reader: RecordReader): Generator<HistoryCommit> {
  const current = currentCommit(reader)?.commitId;
  const works = reader.store.readRefs('index').map(({ commitId }) => commitId);
  for (const commitId of [current, ...works])
    if (commitId !== undefined) yield { commitId, commit: reader.read('commit', commitId) };
  if (current !== undefined) yield* historyOf(reader, [current]);
  yield* historyOf(
    reader,
    reader.store.readRefs('heads').map(({ commitId }) => commitId),
  );
}

function nameOfDag(reader: RecordReader, commitId: CommitId, dagId: DagId): string | undefined {
  return dagsOf(reader, reader.read('commit', commitId)).find((dag) => dag.dagId === dagId)?.name;
}

function dagWith(reader: RecordReader, commitId: CommitId, nodeId: NodeId): string | undefined {
  const dags = dagsOf(reader, reader.read('commit', commitId));
  return dags.find(({ dagId }) => dagNodes(dagId, reader).has(nodeId))?.name;
}

interface NamedCall {
  readonly found: NamedObject;
  readonly text: string;
}

/** Lists the calls of the current branch whose function or text is given, behind the name of their dag or not. */
function callsNamed(reader: RecordReader, name: string): readonly NamedCall[] {
  const current = currentCommit(reader);
  if (current === undefined) return [];
  const inDags = callsOfDags(reader, current, name);
  // @spec DML-REP-3701
  return inDags.length > 0 ? inDags : callsOfFunctions(reader, current, name);
}

function callsOfDags(reader: RecordReader, current: HistoryCommit, name: string): readonly NamedCall[] {
  // A call that several dags have is one call.
  const found = new Map<NodeId, NamedCall>();
  let left = MAX_CALLS;
  for (const { name: dagName, dagId } of dagsOf(reader, current.commit)) {
    const wanted = nameInside(name, dagName);
    for (const { nodeId, text } of callTexts(reader, dagId)) {
      if (--left < 0) return [...found.values()];
      if (found.has(nodeId) || !isNamed(text, wanted)) continue;
      const place = { scopeCommitId: current.commitId, insideDagId: dagId, dagName };
      found.set(nodeId, { found: { class: 'node', objectId: nodeId, ...place }, text });
    }
  }
  return [...found.values()];
}

/** Lists the calls that functions have made, at any depth. */
function callsOfFunctions(reader: RecordReader, current: HistoryCommit, name: string): readonly NamedCall[] {
  const found = new Map<NodeId, NamedCall>();
  const scope = treeScope(current.commit.pins, reader);
  let left = MAX_CALLS;
  for (const { name: dagName, dagId } of dagsOf(reader, current.commit)) {
    const wanted = nameInside(name, dagName);
    const seen = new Set<ExecId>();
    for (const top of callsOf(reader, dagId)) {
      if (--left < 0) return [...found.values()];
      for (const { exec } of execsMadeBelow(reader, { nodeId: top, execId: scope.getPin(top) }, seen))
        for (const { nodeId, text } of callTexts(reader, exec.resultDagId)) {
          left -= 1;
          if (!isNamed(text, wanted)) continue;
          const place = { scopeCommitId: undefined, insideDagId: exec.resultDagId };
          found.set(nodeId, { found: { class: 'node', objectId: nodeId, ...place }, text });
        }
    }
  }
  return [...found.values()];
}

/** Returns a name without the dag that it begins with. */
function nameInside(name: string, dagName: string): string {
  return name.startsWith(`${dagName}#`) ? name.slice(dagName.length + 1) : name;
}

/** Checks whether a name is the text of a call, or its function. */
function isNamed(text: string, wanted: string): boolean {
  return text === wanted || text.startsWith(`${wanted}(`);
}

/** Iterates the calls of a dag with their texts. */
function* callTexts(
  reader: RecordReader,
  dagId: DagId,
): Generator<{ readonly nodeId: NodeId; readonly text: string }> {
  const names = namesIn(reader, dagId);
  const nameOf = (id: NodeId): string | undefined =>
    callingName(names.get(id)?.filter((each) => each !== 'root'));
  for (const nodeId of callsOf(reader, dagId))
    yield { nodeId, text: callText(reader, nodeId, { nameOf }).text };
}
