import { nfcText } from '@daggerml/object-model';
import { endReference } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';

/** Runs `dml reference end <name>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, io } = context;
  const name = nfcText(args[0] ?? '');
  await withStore(context, 'write', (_reader, store) => {
    const { referenceId } = endReference({ store, name, actor: actorOf(io.env), nowMs: Date.now() });
    // @spec DML-CLI-1288
    output.result(
      { reference: name, referenceId, commitId: null },
      () => `${output.safe(name)} has ended; what it led to is kept`,
    );
  });
}
