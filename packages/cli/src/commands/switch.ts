import { isDmlError, nfcText } from '@daggerml/object-model';
import { branchOf, findHead, type RecordReader, trackingRefOf } from '@daggerml/repository';
import { headRef, type Ref, tagRef } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { refText } from '../render/ref-moves.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml switch <head>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args } = context;
  await withStore(context, 'write', (reader, store) => {
    const { name, commitId, madeOf } = branchToUse(context, reader, args[0] as string);
    // @spec DML-CLI-0904
    store.setHead(name);
    const branch = branchOf(name);
    const source = madeOf === undefined ? undefined : refText(madeOf.name);
    output.result(
      { branch, commitId, ...(source !== undefined && { madeOf: source }) },
      () =>
        `On branch ${output.safe(branch)} at ${output.shortId(commitId)}` +
        `${source === undefined ? '' : `, new from ${output.safe(source)}`}`,
    );
  });
}

/** A branch, and the tracking ref that it was made of where it is new. */
type UsedBranch = Pick<Ref, 'name' | 'commitId'> & { readonly madeOf?: Ref };

/** Returns the branch of a name, which is made where only a remote has it. Throws as `findHead`. */
function branchToUse({ io }: CommandContext, reader: RecordReader, text: string): UsedBranch {
  const { store } = reader;
  try {
    return findHead(reader, text);
  } catch (error) {
    const madeOf = isDmlError(error) ? remoteBranch(reader, nfcText(text)) : undefined;
    if (madeOf === undefined) throw error;
    // @spec DML-CLI-3844
    const [name, { commitId }] = [headRef(nfcText(text)), madeOf];
    const update = { ref: name, expected: null, next: commitId, actor: actorOf(io.env), reason: 'branch' };
    if (!store.updateRef(update).applied) throw cliError('head_moved', { head: text });
    return { name, commitId, madeOf };
  }
}

/** Returns the branch of that name of a remote; undefined where a branch or tag here has it. */
function remoteBranch({ store }: RecordReader, name: string): Ref | undefined {
  try {
    const isTaken = store.head() === headRef(name) || store.getRef(tagRef(name)) !== undefined;
    return isTaken ? undefined : trackingRefOf(store, name);
  } catch (error) {
    if (isDmlError(error, 'ref_name_invalid')) return undefined;
    throw error;
  }
}
