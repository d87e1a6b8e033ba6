import { remotesPath } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { repositoryFolder, withStore } from '../invocation/repository-access.ts';
import { uriOfPlace } from '../process/named-place.ts';
import { requireAdapter } from '../process/remote-adapters.ts';
import { memoryPath } from '../process/remote-session.ts';

/** Runs `dml remote add <name> <place>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, io } = context;
  const [name = '', place = ''] = args;
  const { addRemote, forgetInFile } = await import('@daggerml/remotes');
  const uri = await uriOfPlace(context, place);
  await requireAdapter(uri, io.env);
  const folder = repositoryFolder(context);
  const path = remotesPath(folder);
  // Whoever holds the write lock changes the file alone. @spec DML-CLI-2102
  await withStore(context, 'write', (_reader, store) =>
    store.transact('remote/add', () => {
      addRemote(path, name, { uri });
      forgetInFile(memoryPath(folder, name));
    }),
  );
  output.result({ remote: name, uri }, () => `${output.safe(name)} is ${output.safe(uri)}`);
  output.note(`"dml push ${output.safe(name)}" sends the current branch there`);
}
