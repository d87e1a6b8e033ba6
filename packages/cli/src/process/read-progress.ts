import { formatSize } from '@daggerml/object-model';
import type { VerifyOptions } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { liveProgress } from '../render/live-progress.ts';
import { formatCount } from '../render/quantities.ts';

/** Returns what a verification is told: whether it reads content, and where it shows how much and how far it is. */
export function contentOptions(context: CommandContext): VerifyOptions {
  const { output, options } = context;
  const show = liveProgress(context);
  let totalBytes = 0;
  return {
    readsContent: options.content === true,
    // @spec DML-CLI-3781
    onBegin: ({ files, bytes }) => {
      totalBytes = bytes;
      output.note(`reading ${formatCount(files, 'file')}, ${formatSize(bytes)}`);
    },
    onProgress: ({ files, readBytes }) =>
      show(
        () => `reading: ${formatCount(files, 'file')}, ${formatSize(readBytes)} of ${formatSize(totalBytes)}`,
      ),
  };
}
