import { basename } from 'node:path';
import { formatSize, nfcText } from '@daggerml/object-model';
import {
  type BundledRef,
  branchOf,
  repositoryError,
  shortRevision,
  tagOf,
  type Unbundled,
  unbundle,
} from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { counted, openSource } from '../process/byte-source.ts';
import { liveProgress } from '../render/live-progress.ts';
import type { Output } from '../render/output.ts';
import { formatCount } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml bundle unbundle <file>`. */
export async function run(context: CommandContext): Promise<void> {
  const { args, io, options, output } = context;
  const [file = ''] = args;
  const remoteName = options.as === undefined ? undefined : nfcText(String(options.as));
  if (remoteName !== undefined) (await import('@daggerml/remotes')).checkRemoteName(remoteName);
  const show = liveProgress(context);
  // @spec DML-CLI-2037
  const result = await withStore(context, 'write', (_reader, store) => {
    const { pieces, sizeBytes } = openSource(io, { path: file, command: 'bundle unbundle' });
    return unbundle(
      store,
      counted(pieces, (bytes) =>
        show(() => `reading: ${formatSize(bytes)}${sizeBytes ? ` of ${formatSize(sizeBytes)}` : ''}`),
      ),
      {
        actor: actorOf(io.env),
        reason: `unbundle ${basename(file)}`,
        remoteName,
        // @spec DML-CLI-2035
        acceptExcisions: options.acceptExcisions === true,
      },
    );
  });
  output.live();
  if (result.state === 'refused') throw refusalOf(result, file);
  const { objects, tombstones, stubs } = result;
  const refs = result.refs.map(({ before, ...ref }) => ({ ...ref, beforeCommitId: before }));
  output.result({ refs, objects, tombstones, stubs }, () => [
    ...result.refs.map((ref) => refLine(ref, output)),
    `${formatCount(objects.added, 'new object')}, ${objects.present} known${objects.excised > 0 ? `, ${objects.excised} excised here` : ''}`,
  ]);
}

/** Returns the error of refs that did not move; the first of them is named. */
function refusalOf({ refs }: Extract<Unbundled, { state: 'refused' }>, file: string): Error {
  const [first] = refs;
  const target = shortRevision(first?.ref ?? '');
  // @spec DML-CLI-2030
  return first?.reason === 'moved'
    ? cliError('head_moved', { head: target })
    : repositoryError('not_fast_forward', { target, source: file }, undefined, 'bundle');
}

function refLine({ ref, target, commitId, before, state }: BundledRef, output: Output): string {
  const name = output.safe(nameOf(target));
  switch (state) {
    case 'moved':
      return before === null
        ? `${name} is at ${output.shortId(commitId)}, new`
        : `${name} moved from ${output.shortId(before)} to ${output.shortId(commitId)}`;
    case 'same':
      return `${name} is at ${output.shortId(commitId)} already`;
    case 'contained':
      return `${name} contains ${output.shortId(commitId)} already`;
    case 'kept':
      return `${name} is another tag here and stays at ${output.shortId(before ?? '')}`;
    case 'left-out':
      return `${output.safe(ref)} is neither a branch nor a tag and is left out`;
  }
}

/** Returns a ref as people name it. */
function nameOf(ref: BundledRef['ref']): string {
  const tag = tagOf(ref);
  return tag === ref ? branchOf(ref).replace(/^refs\/remotes\//, '') : tag;
}
