import { nfcText } from '@daggerml/object-model';
import { remoteError, setReferencePlace, takeReference } from '@daggerml/remotes';
import { remotesPath } from '@daggerml/repository';
import type { Store } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { repositoryFolder, withStore } from '../invocation/repository-access.ts';
import { withPlace } from '../process/named-place.ts';
import { transferProgress } from '../process/remote-session.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
import { noteTaken, takenFields, takenLines } from '../render/references.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml reference add <name> <remote> <published>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const [name = '', place = '', published = ''] = args.map((each) => nfcText(each ?? ''));
  await withPlace(context, place, (remote, uri) =>
    withStore(context, 'write', async (_reader, store) => {
      assertFree(store, name);
      const before = store.readReferences().find((each) => each.name === name);
      // @spec DML-CLI-1285
      if (before !== undefined && before.reference.commitId !== null)
        throw remoteError('reference_exists', {
          name,
          published: before.reference.name,
          domain: before.reference.domain,
        });
      const taken = await takeReference(untilInterrupted(context, remote), {
        store,
        name,
        published,
        domain: options.domain === undefined ? undefined : String(options.domain),
        acceptExcisions: options.acceptExcisions === true,
        onProgress: transferProgress(context, `taking ${published}`),
      });
      output.live();
      const path = remotesPath(repositoryFolder(context));
      store.transact('reference/place', () => setReferencePlace(path, name, uri));
      output.result(takenFields(name, taken), () => takenLines(output, name, taken));
      noteTaken(output, taken);
      // @spec DML-CLI-1286
      if (options.domain === undefined)
        output.note(`the key of its domain was taken as it is; compare it with what its owner says`);
    }),
  );
}

/** Throws `branch_exists` or `tag_exists` for a name that would stand for something else. @spec DML-CLI-3830 */
function assertFree(store: Store, name: string): void {
  const isRef = (ref: string): boolean => store.readRefs().some((each) => each.name === ref);
  if (isRef(`refs/heads/${name}`)) throw cliError('branch_exists', { branch: name }, undefined, 'reference');
  if (isRef(`refs/tags/${name}`)) throw cliError('tag_exists', { tag: name }, undefined, 'reference');
}
