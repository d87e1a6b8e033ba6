import { type CommitId, type DagId, type DatumId, isDmlError, treeEntries } from '@daggerml/object-model';
import { findObject } from '../names/find-object.ts';
import type { NamedObject } from '../names/named-object.ts';
import type { NamedValue } from '../names/value-path.ts';
import { readUnlessGone, walkHistory } from '../workspace/history.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { dagsOf } from './commit-view.ts';
import { objectValue } from './object-value.ts';

/** Most commits that are searched for the name of a value. */
const MAX_SEARCHED = 1_000;

const NO_VALUE: ReadonlySet<string> = new Set([
  'unknown_name',
  'wrong_class',
  'no_value',
  'not_executed',
  'call_failed',
  'object_withheld',
]);

/** Yields the values that a name such as `sales#total` stands for in a commit and in those behind it. */
export function* valuesInHistory(
  reader: RecordReader,
  commitId: CommitId,
  name: string,
): Generator<NamedValue, void, undefined> {
  for (const ancestorId of historyOf(reader, commitId)) {
    const text = `${ancestorId}:${name}`;
    const value = valueUnlessNone(() => objectValue(reader, name, findObject(reader, text)));
    if (value !== undefined) yield value;
  }
}

/** Yields the values of the dags of some names in a commit and in those behind it, each dag once. */
export function* valuesOfDags(
  reader: RecordReader,
  commitId: CommitId,
  names: ReadonlySet<string>,
): Generator<NamedValue & { readonly dagName: string }, void, undefined> {
  const seen = new Set<string>();
  for (const ancestorId of historyOf(reader, commitId)) {
    const commit = readUnlessGone(reader, ancestorId);
    if (commit === undefined || seen.has(commit.treeId)) continue;
    seen.add(commit.treeId);
    for (const { name, dagId } of dagsOf(reader, commit)) {
      if (!names.has(name) || seen.has(dagId)) continue;
      seen.add(dagId);
      const dag: NamedObject = { class: 'dag', objectId: dagId, scopeCommitId: ancestorId };
      const value = valueUnlessNone(() => objectValue(reader, name, dag));
      if (value !== undefined) yield { ...value, dagName: name };
    }
  }
}

/** Returns names of values, `sales` or `sales#total`, as far as the last commits have them. */
export function namesOfValues(
  reader: RecordReader,
  commitId: CommitId,
  datumIds: ReadonlySet<string>,
): Map<DatumId, string> {
  const names = new Map<DatumId, string>();
  const seen = new Set<string>();
  let left = MAX_SEARCHED;
  for (const ancestorId of historyOf(reader, commitId)) {
    if (names.size === datumIds.size || left-- === 0) break;
    const commit = readUnlessGone(reader, ancestorId);
    for (const { name, dagId } of commit === undefined ? [] : dagsOf(reader, commit)) {
      if (seen.has(dagId)) continue;
      seen.add(dagId);
      const dag: NamedObject = { class: 'dag', objectId: dagId, scopeCommitId: ancestorId };
      for (const [text, found] of namedParts(reader, name, dag)) {
        const datumId = valueUnlessNone(() => objectValue(reader, text, found))?.datumId;
        if (datumId !== undefined && datumIds.has(datumId) && !names.has(datumId)) names.set(datumId, text);
      }
    }
  }
  return names;
}

/** Yields a dag and its named nodes. */
function* namedParts(
  reader: RecordReader,
  name: string,
  dag: NamedObject,
): Generator<readonly [string, NamedObject], void, undefined> {
  yield [name, dag];
  const dagId = dag.objectId as DagId;
  const record = valueUnlessNone(() => reader.read('dag', dagId));
  if (record === undefined) return;
  for (const [nodeName, nodeId] of treeEntries('names', record.names, reader))
    yield [`${name}#${nodeName}`, { ...dag, class: 'node', objectId: nodeId, insideDagId: dagId }];
}

/** Iterates a commit and all behind it, as far as they are here. */
function* historyOf(reader: RecordReader, commitId: CommitId): Generator<CommitId, void, undefined> {
  const steps = walkHistory((each) => readUnlessGone(reader, each), [commitId]);
  for (const { commitId: ancestorId, commit } of steps) if (commit !== undefined) yield ancestorId;
}

function valueUnlessNone<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (isDmlError(error) && NO_VALUE.has(error.code)) return undefined;
    throw error;
  }
}
