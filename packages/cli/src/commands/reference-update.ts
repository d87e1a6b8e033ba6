import { nfcText } from '@daggerml/object-model';
import {
  readReferencePlaces,
  referenceNames,
  remoteError,
  type TakeResult,
  takeReference,
} from '@daggerml/remotes';
import { remotesPath } from '@daggerml/repository';
import type { StoredReference } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { admitterFor, repositoryFolder, withStore } from '../invocation/repository-access.ts';
import { transferProgress, withFiles } from '../process/remote-session.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
import { noteTaken, takenFields, takenLines } from '../render/references.ts';

/** Runs `dml reference update [name]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const folder = repositoryFolder(context);
  const { checkOwner } = await admitterFor(context, folder);
  const places = readReferencePlaces(remotesPath(folder), checkOwner);
  await withStore(context, 'write', async (_reader, store) => {
    const all = store.readReferences();
    const chosen = chosenOf(all, args[0]);
    const results: (readonly [string, TakeResult])[] = [];
    // @spec DML-CLI-1287
    for (const { name, reference } of chosen) {
      const uri = places.get(name);
      if (uri === undefined)
        throw remoteError('reference_unknown', { name, names: [...places.keys()].join(', ') || 'none' });
      const taken = await withFiles(context, uri, (remote) =>
        takeReference(untilInterrupted(context, remote), {
          store,
          name,
          published: reference.name,
          acceptExcisions: options.acceptExcisions === true,
          onProgress: transferProgress(context, `taking ${reference.name}`),
        }),
      );
      results.push([name, taken]);
    }
    output.live();
    output.result(
      results.map(([name, taken]) => takenFields(name, taken)),
      () => results.map(([name, taken]) => takenLines(output, name, taken)),
    );
    for (const [, taken] of results) noteTaken(output, taken);
    if (results.length === 0) output.note('no references; "dml reference add" makes one');
  });
}

function chosenOf(all: readonly StoredReference[], text: string | undefined): readonly StoredReference[] {
  const running = all.filter(({ reference }) => reference.commitId !== null);
  if (text === undefined) return running;
  const name = nfcText(text);
  const found = running.filter((each) => each.name === name);
  if (found.length === 0) throw remoteError('reference_unknown', { name, names: referenceNames(all) });
  return found;
}
