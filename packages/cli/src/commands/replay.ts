import { Executor, type ReplayedCall, replayCalls } from '@daggerml/execution';
import { callText, findCalls, findNamed } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { openingOf, withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { passedVariables } from '../process/passed-variables.ts';
import { formatCount } from '../render/quantities.ts';
import { noteShadowedDag } from '../render/shadowed-dag.ts';
import { cliError } from '../wording/cli-error.ts';

/** A call that was made again, as it is shown. */
type ShownCall = ReplayedCall & { readonly call: string };

/** Runs `dml replay <dag>`. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const { io, args, output } = context;
  const name = args[0] as string;
  const workers = positiveInteger(context, 'workers', 'replay');
  const env = passedVariables(context, 'replay');
  const share = shareOf(context);
  const { program } = await openingOf(context);
  const calls = await withStore(context, 'write', async (reader, store) => {
    const found = findNamed(reader, name);
    noteShadowedDag(output, name, found);
    const execIds = sampled(
      findCalls(reader, name, found).map(({ execId }) => execId),
      share,
    );
    const executor = new Executor({ store, program, env, ...(workers !== undefined && { size: workers }) });
    let ended = 0;
    try {
      const replayed = await replayCalls({ store, executor }, execIds, {
        actor: actorOf(io.env),
        nowMs: io.nowMs,
        signal: io.signal,
        onEvent: ({ type }) => {
          if (type === 'call-finished')
            output.live([`  ${++ended} of ${formatCount(execIds.length, 'call')} made again`]);
        },
      });
      return replayed.map((each) => ({
        ...each,
        call: callText(reader, each.nodeId, { nameOf: () => undefined }).text,
      }));
    } finally {
      output.live();
      await executor.close();
    }
  });
  const count = (outcome: ReplayedCall['outcome']): number =>
    calls.filter((each) => each.outcome === outcome).length;
  const counts = { agree: count('agrees'), differ: count('differs'), failed: count('failed') };
  // @spec DML-CLI-1890
  output.result({ ...counts, calls }, () => [
    ...calls.flatMap((each) => lines(each)),
    `${counts.agree} of ${formatCount(calls.length, 'call')} agreed, ${counts.differ} differed, ${counts.failed} failed`,
  ]);
  // @spec DML-CLI-1891
  return counts.differ > 0 ? EXIT.callFailed : counts.failed > 0 ? EXIT.infrastructure : EXIT.done;

  function lines({ outcome, call, execId, difference, failure }: ShownCall): string[] {
    if (outcome === 'agrees') return [];
    const head = `${output.style('red', outcome)}  ${output.shortId(execId)}  ${output.safe(call)}`;
    if (failure) return [head, `  ${output.safe(`${failure.code}: ${failure.message}`)}`];
    const { path = '', before = 'nothing', after = 'nothing' } = difference ?? {};
    return [head, `  ${output.safe(`${path === '' ? 'the value' : path}: ${before} before, ${after} now`)}`];
  }
}

/** @spec DML-CLI-1892 */
function shareOf({ options }: CommandContext): number {
  const { sample } = options;
  if (sample === undefined) return 1;
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(String(sample)) ?? [];
  const share = Number(digits) / (percent === '%' ? 100 : 1);
  if (share > 0 && share <= 1) return share;
  const problem = `--sample takes a share of the calls such as 0.1 or 10%, not "${sample}"`;
  throw cliError('invalid_argument', { problem, command: 'replay' });
}

/** Returns so many members of a list at random, at least one. */
function sampled<T>(members: readonly T[], share: number): readonly T[] {
  const left = [...members];
  const count = Math.ceil(share * members.length);
  for (let at = 0; at < count; at += 1) {
    const other = at + Math.floor(Math.random() * (left.length - at));
    [left[at], left[other]] = [left[other] as T, left[at] as T];
  }
  return share === 1 ? members : left.slice(0, count);
}
