import { type DatumId, type ExecId, type TreeRoot, treeGet } from '@daggerml/object-model';
import { execRef, type RefName } from '@daggerml/store';
import { liftDatum, type ObjectSource } from '@daggerml/values';
import { fieldsOf } from '../receipts/receipt-of.ts';
import type { RecordReader } from '../workspace/record-reader.ts';

/** The ref of the commit that has all replays; nothing else moves it. */
export const REPLAYS_REF: RefName = execRef('6a0de1c5-1f1b-4c63-9b55-3b6b1b0d8c11');

/** Schema of the datum that says what came of replays. */
export const REPLAYS_SCHEMA = 1;

/** Outcome of the last replay of a call. */
export interface RecordedReplay {
  /** True when it had the same outcome. */
  readonly agrees: boolean;
  /** The outcome of the replay. */
  readonly replayExecId: ExecId;
  /** The first place in the value that differs, as in names; empty for the value itself. */
  readonly path?: string;
}

/** Replays that a repository has recorded, by the exec of the call that ran at first. */
export type RecordedReplays = ReadonlyMap<ExecId, RecordedReplay>;

const NONE: RecordedReplays = new Map();

/** Replays as they were read first, for each reader. */
const known = new WeakMap<RecordReader, RecordedReplays>();

/** Returns all replays that are recorded, as they are when a reader asks first. */
export function recordedReplays(reader: RecordReader): RecordedReplays {
  const before = known.get(reader);
  if (before) return before;
  const commitId = reader.store.getRef(REPLAYS_REF)?.commitId;
  const detailsDatumId = commitId && reader.read('commit', commitId).detailsDatumId;
  const replays = detailsDatumId ? readReplays(reader, detailsDatumId) : NONE;
  known.set(reader, replays);
  return replays;
}

function readReplays(reader: ObjectSource, detailsDatumId: DatumId): RecordedReplays {
  const { schema, calls } = fieldsOf(liftDatum(reader, detailsDatumId));
  if (schema !== REPLAYS_SCHEMA) return NONE;
  return new Map(
    Object.entries(fieldsOf(calls)).map(([execId, entry]) => {
      const { agrees, replay, path } = fieldsOf(entry);
      return [
        execId as ExecId,
        {
          agrees: agrees === true,
          replayExecId: String(replay) as ExecId,
          ...(typeof path === 'string' && { path }),
        },
      ];
    }),
  );
}

/**
 * Lists the pinned execs whose calls a replay has given another outcome. O(replays that differed).
 *
 * @spec DML-REP-0431
 */
export function disagreeingPins(reader: RecordReader, pins: TreeRoot<'pins'>): ExecId[] {
  return [...recordedReplays(reader)].flatMap(([execId, { agrees }]) => {
    if (agrees) return [];
    const { nodeId } = reader.read('exec', execId);
    return treeGet('pins', pins, nodeId, reader)?.[1] === execId ? [execId] : [];
  });
}
