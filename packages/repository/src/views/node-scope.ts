import {
  type CommitId,
  type ExecId,
  executionKey,
  isDmlError,
  type NodeId,
  treeEntries,
} from '@daggerml/object-model';
import { Draft } from '@daggerml/store';
import type { NamedObject } from '../names/named-object.ts';
import { inputsRoot } from '../nodes/input-values.ts';
import { type PinScope, treeScope } from '../nodes/pin-scope.ts';
import { storedValue } from '../nodes/stored-value.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { currentCommit } from './commit-view.ts';
import { type OutcomeView, outcomeOf } from './dag-view.ts';

/** Calls in a row whose outcomes are looked up by their execution keys. */
const MAX_CHAIN = 100;

/**
 * Returns the pins in which the nodes of an object have their values: of the commit its name leads through, else
 * of the current commit, of the work in progress, and of whatever else the store knows of the same computation.
 */
export function scopeOf(reader: RecordReader, { scopeCommitId }: NamedObject): PinScope {
  if (scopeCommitId !== undefined) return pinsOf(reader, scopeCommitId);
  const commitIds = [
    currentCommit(reader)?.commitId,
    ...reader.store.readRefs('index').map((ref) => ref.commitId),
  ];
  const scopes = commitIds.flatMap((commitId) => (commitId === undefined ? [] : [pinsOf(reader, commitId)]));
  const pinned: PinScope = { getPin: (nodeId) => firstPin(scopes, nodeId) };
  return withKnown(reader, pinned);
}

function pinsOf(reader: RecordReader, commitId: CommitId): PinScope {
  return treeScope(reader.read('commit', commitId).pins, reader);
}

function firstPin(scopes: readonly PinScope[], nodeId: NodeId): ExecId | undefined {
  for (const scope of scopes) {
    const execId = scope.getPin(nodeId);
    if (execId !== undefined) return execId;
  }
  return undefined;
}

/**
 * Adds the outcomes of calls that no commit pins any more, such as a failure of an earlier run: they can be looked at
 * until they are garbage collected.
 */
function withKnown(reader: RecordReader, pinned: PinScope): PinScope {
  const known = new Map<NodeId, ExecId | undefined>();
  let depth = 0;
  const scope: PinScope = {
    getPin: (nodeId) => {
      const execId = pinned.getPin(nodeId) ?? known.get(nodeId);
      if (execId !== undefined || known.has(nodeId) || depth === MAX_CHAIN) return execId;
      depth += 1;
      // @spec DML-REP-0101
      const found = knownOutcome(reader, scope, nodeId);
      depth -= 1;
      known.set(nodeId, found);
      return found;
    },
  };
  return scope;
}

/** Finds an outcome of the same function and input values; undefined where an input has no value. */
function knownOutcome(reader: RecordReader, scope: PinScope, nodeId: NodeId): ExecId | undefined {
  const execIds = knownExecs(reader, scope, nodeId);
  return execIds.find((execId) => reader.read('exec', execId).nodeId === nodeId) ?? execIds[0];
}

/** Lists the execs of the same function and input values as a node; none where an input has no value. */
function knownExecs(reader: RecordReader, scope: PinScope, nodeId: NodeId): readonly ExecId[] {
  const node = reader.read('node', nodeId);
  if (!('inputs' in node)) return [];
  try {
    const values = Array.from(treeEntries('inputs', node.inputs, reader), (input) =>
      storedValue(input, scope, reader),
    );
    const inputs = inputsRoot(values, new Draft(reader.store));
    return reader.store.cacheEntries(executionKey(node.functionDatumId, inputs));
  } catch (error) {
    if (isDmlError(error) && NO_VALUE.includes(error.code)) return [];
    throw error;
  }
}

/**
 * Lists every readable outcome that the store has of the function and input values of a node.
 *
 * @spec DML-REP-0040
 */
export function storedOutcomes(reader: RecordReader, scope: PinScope, nodeId: NodeId): OutcomeView[] {
  return knownExecs(reader, scope, nodeId).flatMap((execId) => {
    try {
      return [outcomeOf(reader, execId)];
    } catch (error) {
      if (isDmlError(error)) return [];
      throw error;
    }
  });
}

const NO_VALUE: readonly string[] = ['not_executed', 'call_failed', 'object_missing'];
