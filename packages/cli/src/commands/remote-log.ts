import type { CommandContext } from '../invocation/command.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { withRemote } from '../process/remote-session.ts';
import { formatColumns } from '../render/columns.ts';
import { formatTime } from '../render/quantities.ts';

/** States that are listed unless told otherwise. */
const DEFAULT_COUNT = 20;

/** Runs `dml remote log [remote]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args } = context;
  const count = positiveInteger(context, 'count', 'remote log') ?? DEFAULT_COUNT;
  const { listStates, readSnapshot } = await import('@daggerml/remotes');
  await withRemote(context, args[0], async ({ remote }) => {
    const states: object[] = [];
    const lines: string[][] = [];
    // @spec DML-CLI-2105
    for await (const { state } of listStates(remote.files, await readSnapshot(remote.files))) {
      const { sequence, epoch, timeMs, actor, reason, refs, trees } = state;
      const named = Object.entries(refs).map(([ref, commitId]) => ({ ref: `refs/${ref}`, commitId }));
      // Refs of which there are many are not read for a list.
      const many = Object.entries(trees ?? {}).flatMap(([kind, tree]) =>
        tree === undefined ? [] : [{ kind, count: tree.count, pageId: tree.root }],
      );
      states.push({ sequence, epoch, timeMs, actor, reason, refs: named, ...(trees && { trees: many }) });
      lines.push([
        output.style('yellow', String(sequence)),
        formatTime(timeMs),
        output.safe(actor),
        output.safe(reason),
      ]);
      if (states.length >= count) break;
    }
    output.result(states, () => formatColumns(lines));
    if (states.length === 0) output.note('nothing was pushed there yet');
  });
}
