import type { CommandContext } from '../invocation/command.ts';
import { remotesOf } from '../process/remote-session.ts';
import { formatColumns } from '../render/columns.ts';

/** Runs `dml remote list`. */
export async function run(context: CommandContext): Promise<void> {
  const { output } = context;
  // @spec DML-CLI-2103
  const remotes = [...(await remotesOf(context))].map(([remote, { uri }]) => ({
    remote,
    uri,
  }));
  output.result(remotes, () =>
    formatColumns(
      remotes.map(({ remote, uri }) => [output.style('bold', output.safe(remote)), output.safe(uri)]),
    ),
  );
  if (remotes.length === 0) output.note('no remotes; "dml remote add origin <folder or bucket>" adds one');
}
