import { type ExecId, type NodeId, treeEntries } from '@daggerml/object-model';
import {
  execValue,
  type RanExec,
  RecordReader,
  ranExecOf,
  readFailure,
  type ValueDifference,
  valueDifferences,
} from '@daggerml/repository';
import type { Store } from '@daggerml/store';
import type { Executor } from '../executor.ts';
import type { CallFailure, RunEvent } from '../run/events.ts';
import type { RunNode } from '../run/run-node.ts';
import { keepReplays } from './keep-replays.ts';

/** Outcome of making a recorded call again. */
export type ReplayOutcome = 'agrees' | 'differs' | 'failed';

/** A call that was made again. */
export interface ReplayedCall {
  /** The exec of the call that ran at first. */
  readonly execId: ExecId;
  readonly nodeId: NodeId;
  /** `failed` for an attempt that says nothing about the call. */
  readonly outcome: ReplayOutcome;
  /** The exec of the replay; undefined for one that failed. */
  readonly replayExecId: ExecId | undefined;
  /** The first place in which the outcomes differ. */
  readonly difference?: ValueDifference;
  readonly failure?: CallFailure;
}

export interface ReplayOptions {
  readonly actor: string;
  readonly nowMs: () => number;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

/**
 * Makes recorded calls again, each from its recorded function and input values, and records what came of it. Calls that
 * a function makes are answered from the repository. Rejects with `cancelled`, and then records nothing.
 *
 * @spec DML-EXE-1807
 */
export async function replayCalls(
  { store, executor }: { readonly store: Store; readonly executor: Executor },
  execIds: Iterable<ExecId>,
  options: ReplayOptions,
): Promise<readonly ReplayedCall[]> {
  const { actor, signal, onEvent } = options;
  const reader = new RecordReader(store);
  const open = executor.openRun({ workName: 'replay', base: store.head(), actor, signal, onEvent });
  try {
    const replays = new Map<ExecId, { readonly exec: RanExec; readonly node: RunNode }>();
    for (const execId of execIds) {
      const exec = ranExecOf(reader, execId);
      if (!exec || replays.has(exec.execId)) continue;
      const inputs = Array.from(treeEntries('values', exec.inputs, reader), (id) => open.run.addLiteral(id));
      const { functionDatumId } = exec;
      const node = open.run.addCall({ functionDatumId, options: { cache: false } }, inputs);
      replays.set(exec.execId, { exec, node });
    }
    await open.run.idle();
    open.run.assertOpen();
    const replayed = Array.from(replays.values(), ({ exec, node }) => compared(reader, exec, node));
    keepReplays(open, replayed, options);
    return replayed;
  } finally {
    await open.close();
  }
}

function compared(
  reader: RecordReader,
  exec: RanExec,
  { execId: replayExecId, failure }: RunNode,
): ReplayedCall {
  const { execId, nodeId } = exec;
  if (replayExecId === undefined)
    return { execId, nodeId, outcome: 'failed', replayExecId, ...(failure && { failure }) };
  const difference = differenceOf(reader, exec, replayExecId);
  return {
    execId,
    nodeId,
    replayExecId,
    outcome: difference ? 'differs' : 'agrees',
    ...(difference && { difference }),
  };
}

/**
 * Returns the first place in which two outcomes of a call differ; undefined where they do not.
 *
 * @spec DML-EXE-1808
 */
function differenceOf(
  reader: RecordReader,
  exec: RanExec,
  replayExecId: ExecId,
): ValueDifference | undefined {
  const replay = reader.read('exec', replayExecId);
  if (exec.status === 'ok' && replay.status === 'ok') {
    const values = [execValue(exec, reader), execValue(replay, reader)] as const;
    return values[0] === values[1] ? undefined : (valueDifferences(reader, values, 1)[0] ?? { path: '' });
  }
  const texts = [exec, replay].map((each) => {
    if (each.status === 'ok') return 'a value';
    const { code, message } = readFailure(each, reader);
    return `${code}: ${message}`;
  });
  const [before = '', after = ''] = texts;
  return before === after ? undefined : { path: '', before, after };
}
