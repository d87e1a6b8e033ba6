import { nfcText } from '@daggerml/object-model';
import { type MergedHead, type MergeSide, mergeIntoHead, unmergedError } from '@daggerml/repository';
import type { Store } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { conflictLines, withConflicts } from '../render/merge-conflicts.ts';
import type { Output } from '../render/output.ts';
import { formatCount } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml merge <source>` and `dml merge <target> <source>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args } = context;
  const taken = takenSides(context, 'merge');
  await withStore(context, 'write', (_reader, store) => {
    // @spec DML-CLI-2001
    const [target, source] =
      args[1] === undefined ? ['HEAD', args[0] as string] : [args[0] as string, args[1]];
    printMerged(output, mergeBranch(context, store, { target, source, taken }), source);
  });
}

/** Merges a commit into a branch as the options of the command say; throws `merge_conflict` with its conflicts listed. */
export function mergeBranch(
  context: CommandContext,
  store: Store,
  {
    target,
    source,
    taken,
  }: {
    readonly target: string;
    readonly source: string;
    readonly taken: ReadonlyMap<string, MergeSide>;
  },
): MergedHead {
  const { output, options, io } = context;
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
  if (merged.state === 'merged') return merged;
  // @spec DML-CLI-2004
  for (const line of conflictLines(merged, source, output)) output.note(line);
  throw withConflicts(unmergedError(merged, { source }), merged.conflicts);
}

/** Prints what became of a branch. */
function printMerged(output: Output, merged: MergedHead, source: string): void {
  output.result(mergedFields(merged), () => mergedText(output, merged, source));
}

/** Returns the fields of a result that say what became of a branch. */
export function mergedFields(merged: MergedHead): object {
  const { head: branch, from: fromCommitId, commitId, moved, isMerge: mergeCommit } = merged;
  const settled = merged.settled.map(({ conflict, side }) => ({ ...conflict, side }));
  return { branch, fromCommitId, commitId, moved, mergeCommit, settled };
}

/** Returns a line that says what became of a branch. */
export function mergedText(output: Output, merged: MergedHead, source: string): string {
  const { from, commitId, sourceId, settled } = merged;
  const branch = output.safe(merged.head);
  if (merged.isMerge) {
    const by = settled.length === 0 ? '' : `; ${formatCount(settled.length, 'conflict')} settled`;
    return `merged ${output.safe(source)} into ${branch}, which is at ${output.shortId(commitId)}${by}`;
  }
  if (from === null) return `${branch} is at ${output.shortId(commitId)}, its first commit here`;
  // @spec DML-CLI-0905
  if (merged.moved) return `${branch} moved from ${output.shortId(from)} to ${output.shortId(commitId)}`;
  // @spec DML-CLI-0911
  return sourceId === commitId
    ? `${branch} is at ${output.shortId(commitId)} already`
    : `nothing to merge: ${branch} contains ${output.safe(source)} already`;
}

/** Returns the sides of `--take` by name of the dag. */
export function takenSides({ options }: CommandContext, command: 'merge' | 'pull'): Map<string, MergeSide> {
  const sides = new Map<string, MergeSide>();
  for (const text of (options.take ?? []) as readonly string[]) {
    const [, dag, side] = /^(.+)=(ours|theirs)$/s.exec(text) ?? [];
    if (dag === undefined) throw misuse(`--take takes <dag>=ours or <dag>=theirs, not "${text}"`);
    const name = nfcText(dag);
    if (sides.has(name)) throw misuse(`--take names the dag "${name}" twice`);
    sides.set(name, side as MergeSide);
  }
  return sides;

  function misuse(problem: string): Error {
    // @spec DML-CLI-3847
    return cliError('invalid_argument', { problem, command });
  }
}
