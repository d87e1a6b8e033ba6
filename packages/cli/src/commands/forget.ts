import { formatSize } from '@daggerml/object-model';
import {
  branchOf,
  type FreedBytes,
  findHead,
  forget,
  type Kept,
  measureForget,
  planForget,
  type RecordReader,
  undoForget,
} from '@daggerml/repository';
import type { RefName } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { age, positiveInteger } from '../invocation/option-value.ts';
import { withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { formatColumns } from '../render/columns.ts';
import { formatCount } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';
import { shellWord } from '../wording/wording.ts';

/** Runs `dml forget [branch]`. */
export async function run(context: CommandContext): Promise<void> {
  const { options, args, output } = context;
  const isUndo = options.undo === true;
  const isDryRun = options.dryRun === true;
  const keep = isUndo ? undefined : keepOf(context);
  await withStore(context, isDryRun ? 'read' : 'write', async (reader, store) => {
    const ref = args[0] === undefined ? store.head() : findHead(reader, args[0]).name;
    if (keep !== undefined) return forgetOlder(context, reader, { ref, keep });
    const { from, to } = await undoForget(store, ref, actorOf(context.io.env));
    // @spec DML-CLI-1875
    const value = { branch: branchOf(ref), undone: true, fromCommitId: from, commitId: to };
    output.result(value, () => `${output.safe(branchOf(ref))} is at ${output.shortId(to)} again`);
  });
}

/** @spec DML-CLI-1872 */
function keepOf(context: CommandContext): Kept {
  const count = positiveInteger(context, 'keep', 'forget');
  if (count !== undefined) return { count };
  const ageMs = age(context, 'keepYounger', 'forget');
  if (ageMs !== undefined) return { sinceMs: context.io.nowMs() - ageMs };
  const problem = 'it takes what is kept: --keep <number> or --keep-younger <age>';
  throw cliError('invalid_argument', { problem, command: 'forget' });
}

function forgetOlder(
  { io, output, options }: CommandContext,
  reader: RecordReader,
  { ref, keep }: { readonly ref: RefName; readonly keep: Kept },
): void {
  // @spec DML-CLI-1874
  const isDryRun = options.dryRun === true;
  const plan = planForget(reader, ref, keep);
  const { before, after, keptCommits, forgottenCommits } = plan;
  const branch = branchOf(ref);
  // @spec DML-CLI-3708
  const moved = { fromCommitId: before, commitId: after };
  const facts = { branch, dryRun: isDryRun, keptCommits, forgottenCommits, ...moved };
  // @spec DML-CLI-1876
  if (forgottenCommits === 0) {
    const document = { ...facts, dags: [], commitBytes: 0, keepers: [], undoCommand: null };
    return output.result(
      document,
      () => `nothing to forget: ${output.safe(branch)} has ${formatCount(keptCommits, 'commit')}`,
    );
  }
  const freed = measureForget(reader, plan);
  if (!isDryRun && !forget(reader.store, plan, actorOf(io.env)))
    throw cliError('head_moved', { head: branch });
  const undoCommand = `dml forget --undo ${shellWord(branch)}`;
  // @spec DML-CLI-1873
  output.result({ ...facts, ...freed, undoCommand }, () => [
    `${isDryRun ? 'would forget' : 'forgot'} ${formatCount(forgottenCommits, 'commit')} of ${output.safe(branch)}, keeping ${keptCommits}`,
    ...freedLines(freed),
    ...(isDryRun
      ? []
      : [`"${output.safe(undoCommand)}" undoes it, until "dml gc" deletes what only they kept`]),
  ]);

  function freedLines({ dags, commitBytes, keepers }: FreedBytes): string[] {
    const bytes = dags.reduce((sum, dag) => sum + dag.bytes, commitBytes);
    const rows = dags.map((dag) => [`  ${output.safe(dag.dag)}`, formatSize(dag.bytes)]);
    return [
      `the next "dml gc" frees ${formatSize(bytes)} by that`,
      formatColumns([...rows, ['  commits', formatSize(commitBytes)]]),
      ...(keepers.length === 0
        ? []
        : [`some of them are kept by ${keepers.map((keeper) => output.safe(keeper)).join(', ')}`]),
    ];
  }
}
