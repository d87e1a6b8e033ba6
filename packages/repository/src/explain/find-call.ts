import { type CommitId, type DagId, isDmlError, type NodeId } from '@daggerml/object-model';
import { callingName } from '../compare/recorded-names.ts';
import { dagNodes } from '../dags/import-dag.ts';
import { repositoryError } from '../errors.ts';
import { findObject } from '../names/find-object.ts';
import type { NamedObject } from '../names/named-object.ts';
import { shortId } from '../names/typed-id.ts';
import { callText } from '../views/call-text.ts';
import { currentCommit, dagsOf } from '../views/commit-view.ts';
import { callsOf, namesIn } from '../views/dag-view.ts';
import { scopeOf, storedOutcomes } from '../views/node-scope.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { firstParents, PinReader } from './earlier-commit.ts';
import type { CallPlace } from './explain-call.ts';
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
    if (commitId === undefined) throw notInCommit(reader, nodeId, found);
    const dagName =
      found.insideDagId === undefined
        ? dagWith(reader, commitId, nodeId)
        : (found.dagName ?? nameOfDag(reader, commitId, found.insideDagId));
    return { nodeId, commitId, dagName };
  }
  const kind = objectClass === 'node' ? reader.read('node', nodeId).kind : objectClass;
  throw repositoryError('wrong_class', { name, found: kind, wanted: 'call' }, undefined, 'no_call');
}

/** Returns the error of a call that no commit has an outcome of: functions have made such calls, or there is none. */
function notInCommit(reader: RecordReader, nodeId: NodeId, found: NamedObject): Error {
  const isMade = found.class === 'exec' || storedOutcomes(reader, scopeOf(reader, found), nodeId).length > 0;
  // @spec DML-REP-0451
  return repositoryError('not_executed', { nodeId }, undefined, isMade ? 'no_dag' : undefined);
}

/** Returns a commit that has an outcome of a node: the current one, work in progress, or the latest before. */
function commitWith(reader: RecordReader, nodeId: NodeId): CommitId | undefined {
  const pins = new PinReader(reader, nodeId);
  const current = currentCommit(reader)?.commitId;
  const works = reader.store.readRefs('index').map(({ commitId }) => commitId);
  for (const commitId of [current, ...works])
    if (commitId !== undefined && pins.in(reader.read('commit', commitId)) !== undefined) return commitId;
  for (const start of [current, ...reader.store.readRefs('heads').map(({ commitId }) => commitId)])
    for (const { commitId, commit } of firstParents(reader, start))
      if (pins.in(commit) !== undefined) return commitId;
  return undefined;
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
  // A call that several dags have is one call.
  const found = new Map<NodeId, NamedCall>();
  if (current === undefined) return [];
  let left = MAX_CALLS;
  for (const { name: dagName, dagId } of dagsOf(reader, current.commit)) {
    const wanted = name.startsWith(`${dagName}#`) ? name.slice(dagName.length + 1) : name;
    const names = namesIn(reader, dagId);
    for (const nodeId of callsOf(reader, dagId)) {
      if (--left < 0) return [...found.values()];
      const nameOf = (id: NodeId): string | undefined =>
        callingName(names.get(id)?.filter((each) => each !== 'root'));
      const { text } = callText(reader, nodeId, { nameOf });
      if (found.has(nodeId) || (text !== wanted && !text.startsWith(`${wanted}(`))) continue;
      const scopeCommitId = current.commitId;
      found.set(nodeId, {
        found: { class: 'node', objectId: nodeId, scopeCommitId, insideDagId: dagId, dagName },
        text,
      });
    }
  }
  return [...found.values()];
}
