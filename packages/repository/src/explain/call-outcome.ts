import { type DatumId, type ExecId, type ExecRecord, executionKey } from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import { isSameComputation } from '../nodes/input-values.ts';
import type { CallDifference } from './call-differences.ts';
import type { ExplainSource } from './call-side.ts';
import { readReceipt } from './function-sources.ts';

type CallExec = Extract<ExecRecord, { nodeKind: 'call' }>;

/** Reason for the outcome of a call. */
export type CallReason =
  /** It ran, and no earlier call of the dag is like it. */
  | 'new'
  /** It ran, since function or inputs differ from those of the earlier call. */
  | 'changed'
  /** It ran again, although an outcome was known. */
  | 'forced'
  /** It ran again, since the outcome before was a failure. */
  | 'retried'
  /** It did not run: an input is another node, with the same value as before. */
  | 'cut-off'
  /** It did not run: the same function had run on the same values elsewhere. */
  | 'taken-over'
  /** There is no outcome. */
  | 'none';

/** Origin of the outcome of a call. */
export interface CallOrigin {
  readonly execId: ExecId;
  readonly status: 'ok' | 'error';
  readonly startedMs: number | null;
  readonly finishedMs: number | null;
  /** The receipt of the call, which says what ran it. */
  readonly receipt: Readonly<Record<string, unknown>> | undefined;
  /** Name of the remote on which the outcome was found; undefined where it was not, or where that is not known here. */
  readonly remote: string | undefined;
}

/** Facts that the reason of an outcome follows from. */
interface Compared {
  /** The exec of the same node before, where it had another one. */
  readonly before: ExecRecord | undefined;
  /** True where there is an earlier call that the call takes the place of. */
  readonly hasEarlier: boolean;
  readonly differences: readonly CallDifference[];
}

/** Returns why a call has an exec and not the one before. @spec DML-EXE-3513 */
export function reasonOf(exec: ExecRecord, { before, hasEarlier, differences }: Compared): CallReason {
  const isTakenOver = exec.nodeKind === 'call' && exec.sourceExecId !== null;
  if (before !== undefined && isSameComputation(before, exec))
    return before.status === 'error' ? 'retried' : 'forced';
  if (isTakenOver) {
    const [first] = differences;
    // @spec DML-EXE-1707
    return first?.kind === 'input' && !first.isOtherValue ? 'cut-off' : 'taken-over';
  }
  // @spec DML-EXE-1708
  return hasEarlier ? 'changed' : 'new';
}

/** Reads the exec that ran; an outcome that was taken over names it. */
export function originOf(source: ExplainSource, execId: ExecId): CallOrigin {
  let id = execId;
  let exec = source.read('exec', id);
  while (exec.nodeKind === 'call' && exec.sourceExecId !== null) {
    const sourceExecId: ExecId = exec.sourceExecId;
    const found = ifReadable(() => source.read('exec', sourceExecId));
    if (found === undefined) break;
    id = sourceExecId;
    exec = found;
  }
  if (exec.nodeKind !== 'call')
    return {
      execId: id,
      status: exec.status,
      startedMs: null,
      finishedMs: null,
      receipt: undefined,
      remote: undefined,
    };
  const { status, startedMs, finishedMs } = exec;
  const receiptDatumId: DatumId | null = exec.receiptDatumId;
  const receipt = receiptDatumId === null ? undefined : ifReadable(() => readReceipt(source, receiptDatumId));
  return {
    execId: id,
    status,
    startedMs,
    finishedMs,
    receipt,
    remote: remoteOf(source, execId, { id, exec }),
  };
}

/** Returns the remote on which an outcome was found, by itself or by one that was taken over from the same exec. */
function remoteOf(
  source: ExplainSource,
  execId: ExecId,
  { id, exec }: { readonly id: ExecId; readonly exec: CallExec },
): string | undefined {
  const origins = source.cacheOrigins?.(executionKey(exec.functionDatumId, exec.inputs));
  if (origins === undefined || origins.size === 0) return undefined;
  const found = origins.get(execId) ?? origins.get(id);
  if (found !== undefined) return found;
  for (const [otherId, remote] of origins) {
    const other = ifReadable(() => source.read('exec', otherId));
    if (other?.nodeKind === 'call' && other.sourceExecId === id) return remote;
  }
  return undefined;
}
