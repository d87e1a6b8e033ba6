import { findIndexRef, indexNameOf, type RecordReader } from '@daggerml/repository';
import type { Ref, Store } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { moveRef, withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { formatCount } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml wip prune <name>` and `dml wip prune --all`. */
export async function run(context: CommandContext): Promise<void> {
  const { args, options } = context;
  const [name] = args;
  const command = 'wip prune';
  if (name === undefined && options.all !== true)
    throw cliError('missing_argument', { word: 'name', command });
  if (name !== undefined && options.all === true)
    throw cliError('invalid_argument', { problem: '"--all" takes no name', command });
  await withStore(context, 'write', (reader, store) =>
    name === undefined ? pruneAll(context, store) : pruneOne(context, reader, name),
  );
}

/** @spec DML-CLI-0908 */
function pruneOne({ output, io }: CommandContext, reader: RecordReader, name: string): void {
  const ref = findIndexRef(reader, name);
  moveRef(reader.store, pruning(ref, actorOf(io.env)));
  output.result({ index: indexNameOf(ref.name), pruned: true }, () => `pruned ${indexNameOf(ref.name)}`);
}

function pruneAll({ output, io }: CommandContext, store: Store): void {
  const actor = actorOf(io.env);
  let pruned: Ref[] = [];
  // A run that goes on makes its IndexRef again and loses nothing.
  const listed = store.readRefs('index');
  store.transact('prune', (transaction) => {
    // @spec DML-CLI-0919
    pruned = listed.filter((ref) => transaction.updateRef(pruning(ref, actor)).applied);
  });
  output.result({ indexes: pruned.map(({ name }) => indexNameOf(name)), pruned: true }, () =>
    pruned.length === 0
      ? 'no work in progress'
      : `pruned ${formatCount(pruned.length, 'piece')} of work in progress`,
  );
}

function pruning({ name: ref, commitId }: Ref, actor: string): Parameters<Store['updateRef']>[0] {
  return { ref, expected: commitId, next: null, actor, reason: 'prune' };
}
