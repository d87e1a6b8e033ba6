import { nfcText } from '@daggerml/object-model';
import { type MergedHead, type MergeSide, mergeIntoHead, unmergedError } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { conflictLines, withConflicts } from '../render/merge-conflicts.ts';
import type { Output } from '../render/output.ts';
import { formatCount } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml merge <source>` and `dml merge <target> <source>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options, io } = context;
  const taken = sidesOf(context);
  await withStore(context, 'write', (_reader, store) => {
    // @spec DML-CLI-2001
    const [target, source] =
      args[1] === undefined ? ['HEAD', args[0] as string] : [args[0] as string, args[1]];
    const merged = mergeIntoHead({
      store,
      head: target,
      source,
      actor: actorOf(io.env),
      reason: `merge ${source}`,
      nowMs: io.nowMs,
      // @spec DML-CLI-2007
      message: String(options.message ?? `merge ${source}`),
      // @spec DML-CLI-2002
      isForwardOnly: options.ffOnly === true,
      taken,
      // @spec DML-CLI-2005
      side: options.ours === true ? 'ours' : options.theirs === true ? 'theirs' : undefined,
    });
    if (merged.state === 'conflicts') {
      // @spec DML-CLI-2004
      for (const line of conflictLines(merged, source, output)) output.note(line);
      throw withConflicts(unmergedError(merged, { source }), merged.conflicts);
    }
    printMerged(output, merged, source);
  });
}

/** Prints what became of a branch. */
function printMerged(output: Output, merged: MergedHead, source: string): void {
  const { head: branch, from: fromCommitId, commitId, sourceId, moved, isMerge: mergeCommit } = merged;
  const settled = merged.settled.map(({ conflict, side }) => ({ ...conflict, side }));
  output.result({ branch, fromCommitId, commitId, moved, mergeCommit, settled }, () => {
    const name = output.safe(branch);
    if (mergeCommit) {
      const by = settled.length === 0 ? '' : `; ${formatCount(settled.length, 'conflict')} settled`;
      return `merged ${output.safe(source)} into ${name}, which is at ${output.shortId(commitId)}${by}`;
    }
    if (fromCommitId === null) return `${name} is at ${output.shortId(commitId)}, its first commit here`;
    // @spec DML-CLI-0905
    if (moved) return `${name} moved from ${output.shortId(fromCommitId)} to ${output.shortId(commitId)}`;
    // @spec DML-CLI-0911
    return sourceId === commitId
      ? `${name} is at ${output.shortId(commitId)} already`
      : `nothing to merge: ${name} contains ${output.safe(source)} already`;
  });
}

/** Returns the sides of `--take` by name of the dag. */
function sidesOf({ options }: CommandContext): Map<string, MergeSide> {
  const sides = new Map<string, MergeSide>();
  for (const text of (options.take ?? []) as readonly string[]) {
    const [, dag, side] = /^(.+)=(ours|theirs)$/s.exec(text) ?? [];
    if (dag === undefined) throw misuse(`--take takes <dag>=ours or <dag>=theirs, not "${text}"`);
    const name = nfcText(dag);
    if (sides.has(name)) throw misuse(`--take names the dag "${name}" twice`);
    sides.set(name, side as MergeSide);
  }
  return sides;
}

function misuse(problem: string): Error {
  return cliError('invalid_argument', { problem, command: 'merge' });
}
