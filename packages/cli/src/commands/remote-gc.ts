import { formatSize } from '@daggerml/object-model';
import type { CommandContext } from '../invocation/command.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { withStore } from '../invocation/repository-access.ts';
import { withRemote } from '../process/remote-session.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
import { formatColumns } from '../render/columns.ts';
import { formatCount } from '../render/quantities.ts';

/** Reasons for which a file goes, as people read them. */
const REASONS = {
  unreached: 'no ref reaches what it holds',
  'old-state': 'an old state of the journal',
  'left-over': 'left by a push or collection that was cut off',
} as const;

/** Runs `dml remote gc [remote]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const isDryRun = options.dryRun === true;
  const keptStates = positiveInteger(context, 'keepStates', 'remote gc');
  const { assertKnown, collectRemote, fetch } = await import('@daggerml/remotes');
  await withRemote(context, args[0], ({ name, uri, remote: patient, memory }) =>
    withStore(context, 'write', async (_reader, store) => {
      const remote = untilInterrupted(context, patient);
      // What the refs reach is found out here, so all of it has to be here. @spec DML-CLI-2130
      if (isDryRun) await assertKnown(remote.files, memory, name);
      else await fetch(remote, { store, remoteName: name, memory });
      // One that lacks a file is refused before anything is deleted. @spec DML-CLI-3785
      const { garbage, groups, strays } = await collectRemote(remote, {
        store,
        // @spec DML-CLI-2131
        isDryRun,
        keptStates,
        // @spec DML-CLI-3711
        dropsCache: options.dropCache === true,
        onProgress: ({ deleted }) => output.live([`  deleting: ${formatCount(deleted, 'file')}`]),
      });
      output.live();
      const bytes = garbage.reduce((sum, file) => sum + file.bytes, 0);
      const rewritten = groups.filter(({ fate }) => fate === 'rewrite').length;
      output.result(
        { remote: name, uri, dryRun: isDryRun, bytes, rewrittenGroups: rewritten, files: garbage, strays },
        () => {
          const verb = isDryRun ? 'would delete' : 'deleted';
          const first = `${verb} ${formatCount(garbage.length, 'file')}, ${formatSize(bytes)}`;
          if (!isDryRun) return first;
          const rows = garbage.map((file) => [
            `  ${file.path}`,
            formatSize(file.bytes),
            REASONS[file.reason],
          ]);
          return [first, ...(rows.length === 0 ? [] : [formatColumns(rows)])].join('\n');
        },
      );
      // @spec DML-CLI-3800
      if (strays.length > 0)
        output.note(output.safe(`left in place, since no part of a remote: ${someOf(strays)}`));
    }),
  );
}

/** Paths that a note names. */
const NAMED = 3;

function someOf(paths: readonly string[]): string {
  const more = paths.length - NAMED;
  return [...paths.slice(0, NAMED), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
