import { formatSize } from '@daggerml/object-model';
import type { FetchResult } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { transferProgress, withRemote } from '../process/remote-session.ts';
import type { Output } from '../render/output.ts';
import { formatCount } from '../render/quantities.ts';
import { moveFields, moveLines, refText } from '../render/ref-moves.ts';

/** Runs `dml fetch [remote]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const { fetch } = await import('@daggerml/remotes');
  await withRemote(context, args[0], ({ name, uri, remote, memory }) =>
    withStore(context, 'write', async (_reader, store) => {
      const fetched = await fetch(remote, {
        store,
        remoteName: name,
        memory,
        // @spec DML-CLI-2122
        prune: options.prune === true,
        // @spec DML-CLI-2123
        acceptExcisions: options.acceptExcisions === true,
        onProgress: transferProgress(context, `fetching from ${name}`),
      });
      output.live();
      // @spec DML-CLI-2120
      output.result({ remote: name, uri, ...fetchFields(fetched) }, () =>
        fetched.moved.length === 0
          ? `${output.safe(name)} has nothing new`
          : [`from ${output.safe(remote.files.name)}`, moveLines(output, fetched.moved)],
      );
      noteFetched(output, fetched);
    }),
  );
}

/** Returns the fields of a result that say what a fetch brought. */
export function fetchFields({ moved, keptTags, counts, tombstones, stubs }: FetchResult): object {
  return {
    refs: moveFields(moved),
    keptTags: keptTags.map((ref) => ref),
    requests: counts.requests,
    receivedBytes: counts.bytes,
    tombstones,
    withheld: stubs,
  };
}

/** Prints what a fetch found that people should know. */
export function noteFetched(output: Output, { keptTags, counts, tombstones, stubs }: FetchResult): void {
  if (counts.bytes > 0)
    output.note(`${formatSize(counts.bytes)} in ${formatCount(counts.requests, 'request')}`);
  // @spec DML-CLI-2121
  for (const ref of keptTags)
    output.note(`${output.safe(refText(ref))} is another commit there; the one here is kept`);
  if (tombstones > 0) output.note(`${formatCount(tombstones, 'object')} excised there and here now`);
  if (stubs > 0) output.note(`${formatCount(stubs, 'object')} withheld by the remote`);
}
