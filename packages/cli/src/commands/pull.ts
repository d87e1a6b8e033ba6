import { branchOf } from '@daggerml/repository';
import { remoteRef } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { refusingPublications } from '../process/branches-there.ts';
import { transferProgress, withRemote } from '../process/remote-session.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
import { moveLines } from '../render/ref-moves.ts';
import { fetchFields, noteFetched, partialOf } from './fetch.ts';
import { mergeBranch, mergedFields, mergedText, takenSides } from './merge.ts';

/** Runs `dml pull [remote] [branch]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const taken = takenSides(context, 'pull');
  const { fetch, remoteError } = await import('@daggerml/remotes');
  await withRemote(context, { name: args[0], verb: 'pull' }, (session) =>
    withStore(context, 'write', async (_reader, store) => {
      const { name, uri, remote, memory } = session;
      // @spec DML-CLI-1107
      const fetched = await fetch(untilInterrupted(context, remote), {
        store,
        remoteName: name,
        memory,
        partial: partialOf(session),
        acceptExcisions: options.acceptExcisions === true,
        onOffer: await refusingPublications(remote.files, name),
        onProgress: transferProgress(context, `fetching from ${name}`),
      });
      output.live();
      noteFetched(output, name, fetched);
      const forced = fetched.moved.filter(({ kind }) => kind === 'forced');
      if (forced.length > 0) output.note(moveLines(output, forced));
      // @spec DML-CLI-2150
      const branch = args[1] ?? branchOf(store.head());
      const source = `${name}/${branch}`;
      // @spec DML-CLI-2151
      if (store.getRef(remoteRef(name, branch)) === undefined)
        throw remoteError('remote_missing', { remote: remote.files.name, branch, detail: 'branch' });
      const merged = mergeBranch(context, store, { target: 'HEAD', source, taken });
      output.result({ remote: name, uri, ...fetchFields(fetched), ...mergedFields(merged) }, () =>
        mergedText(output, merged, source),
      );
    }),
  );
}
