import {
  type CallLog,
  callLog,
  type FoundCall,
  findCalls,
  findNamed,
  type RanExec,
  type RecordReader,
  ranExecOf,
  shortId,
} from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { LINE_END, logParts, pieceJson } from '../render/log-text.ts';
import { formatTime } from '../render/quantities.ts';
import { noteShadowedDag } from '../render/shadowed-dag.ts';
import { cliError } from '../wording/cli-error.ts';

/** A call with what it printed when it ran. */
interface LoggedCall {
  readonly call: FoundCall;
  readonly exec: RanExec;
  readonly log: CallLog;
}

/** Runs `dml logs <call>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, globals } = context;
  const name = args[0] as string;
  const stream = streamOf(context);
  await withStore(context, 'read', async (reader) => {
    const found = findNamed(reader, name);
    noteShadowedDag(output, name, found);
    const calls = findCalls(reader, name, found);
    if (globals.json) return output.result(document(logged(reader, calls)), () => '');
    const isMany = found.class === 'dag' || found.class === 'commit';
    let printed = 0;
    for (const each of logged(reader, calls)) {
      if (each.log.pieces.length === 0) continue;
      printed += 1;
      // @spec DML-CLI-1861
      if (isMany) await output.text(`${heading(each, context)}\n`);
      await printLog(each.log, stream, context);
      if (isMany && each.log.pieces.at(-1)?.bytes.at(-1) !== LINE_END) await output.text('\n');
    }
    // @spec DML-CLI-1864
    if (printed === 0) output.note(isMany ? 'no call of it has printed anything' : silence(reader, calls));
  });
}

function* logged(reader: RecordReader, calls: readonly FoundCall[]): Generator<LoggedCall> {
  for (const call of calls) {
    const exec = ranExecOf(reader, call.execId);
    if (exec !== undefined) yield { call, exec, log: callLog(reader, exec) };
  }
}

function heading({ call, exec }: LoggedCall, { output }: CommandContext): string {
  const ran = exec.startedMs === null ? '' : `  ${formatTime(exec.startedMs)}`;
  return output.safe(`==> ${call.text}  ${shortId(exec.nodeId)}${ran}`);
}

function silence(reader: RecordReader, [call]: readonly FoundCall[]): string {
  const exec = call && ranExecOf(reader, call.execId);
  const ran = exec?.startedMs ? ` when it ran, ${formatTime(exec.startedMs)}` : '';
  return `it has printed nothing${ran}`;
}

/**
 * Prints the bytes as they are; on a terminal as text, without what steers it.
 *
 * @spec DML-CLI-1860
 */
async function printLog(
  log: CallLog,
  stream: 'stdout' | 'stderr' | undefined,
  { output }: CommandContext,
): Promise<void> {
  const decoder = new TextDecoder();
  for (const part of logParts(log, stream)) {
    if ('note' in part) await output.text(part.note);
    else if (output.resultColumns === undefined) await output.raw(part.bytes);
    // @spec DML-CLI-1863
    else await output.text(decoder.decode(part.bytes));
  }
}

/** @spec DML-CLI-1865 */
function document(calls: Iterable<LoggedCall>): object {
  return {
    calls: Array.from(calls, ({ call, exec, log }) => ({
      nodeId: call.nodeId,
      execId: call.execId,
      call: call.text,
      status: exec.status,
      startedMs: exec.startedMs,
      pieces: log.pieces.map(pieceJson),
      leftOut: log.leftOut ?? null,
    })),
  };
}

function streamOf({ options }: CommandContext): 'stdout' | 'stderr' | undefined {
  const { stream } = options;
  if (stream === undefined || stream === 'stdout' || stream === 'stderr') return stream;
  throw cliError('invalid_argument', {
    problem: `--stream takes stdout or stderr, not "${stream}"`,
    command: 'logs',
  });
}
