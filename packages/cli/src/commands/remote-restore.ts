import { nfcText } from '@daggerml/object-model';
import type { CommandContext } from '../invocation/command.ts';
import { withRemote } from '../process/remote-session.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
import { formatTime } from '../render/quantities.ts';

/** Runs `dml remote restore [remote]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const isDryRun = options.dryRun === true;
  const { restoreCurrent } = await import('@daggerml/remotes');
  await withRemote(context, args[0], async ({ name: remoteName, uri, remote }) => {
    const at = options.at === undefined ? undefined : nfcText(String(options.at));
    // @spec DML-CLI-3763
    // @spec DML-CLI-3764
    const { from } = await restoreCurrent(untilInterrupted(context, remote), { at, isDryRun });
    const { sequence, epoch, timeMs, actor, reason } = from.state;
    const refs = Object.entries(from.state.refs).map(([ref, commitId]) => ({ ref: `refs/${ref}`, commitId }));
    const state = { name: from.name, sequence, epoch, timeMs, actor, reason, refs };
    output.result({ remote: remoteName, uri, dryRun: isDryRun, state }, () => [
      `${isDryRun ? 'would restore' : 'restored'} state ${sequence} of ${output.safe(remoteName)}: ${output.safe(reason)}, by ${output.safe(actor)}, ${formatTime(timeMs)}`,
    ]);
    if (!isDryRun) output.note('whoever has pushed something newer pushes it again: "dml fetch", "dml push"');
  });
}
