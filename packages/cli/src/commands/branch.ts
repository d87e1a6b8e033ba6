import { nfcText } from '@daggerml/object-model';
import {
  branchOf,
  containingHead,
  findCommit,
  findHead,
  findObject,
  type RecordReader,
  typedId,
} from '@daggerml/repository';
import { headRef, parseRefName, type Ref, tagRef } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { moveRef, withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { formatColumns } from '../render/columns.ts';
import { refText } from '../render/ref-moves.ts';
import { noteShadowedDag } from '../render/shadowed-dag.ts';
import { cliError } from '../wording/cli-error.ts';
import { shellWord } from '../wording/wording.ts';

/** Runs `dml branch`, `dml branch <name> [commit]` and `dml branch --delete <name>`. */
export async function run(context: CommandContext): Promise<void> {
  const { args, options } = context;
  const isDeletion = options.delete === true;
  const listsRemotes = options.all === true || options.remotes === true;
  if (listsRemotes && args[0] !== undefined)
    throw misuse('"--all" and "--remotes" list branches, and take no name');
  if (options.force === true && !isDeletion) throw misuse('the option "--force" goes with "--delete" only');
  if (args[0] === undefined) {
    if (isDeletion) throw cliError('missing_argument', { word: 'name', command: 'branch' });
    return await list(context);
  }
  if (isDeletion && args[1] !== undefined)
    throw misuse('"--delete" takes the name of a branch and no commit');
  await withStore(context, 'write', (reader) => (isDeletion ? remove : create)(context, reader));
}

/** Runs `dml branch` without a name. */
async function list(context: CommandContext): Promise<void> {
  const { output, options } = context;
  await withStore(context, 'read', ({ store }) => {
    const current = store.head();
    // @spec DML-CLI-0811
    const own = store.readRefs('heads').map(({ name, commitId }) => ({
      branch: branchOf(name),
      commitId,
      current: name === current,
    }));
    // @spec DML-CLI-3845
    const fetched =
      options.all === true || options.remotes === true ? store.readRefs('remotes').map(trackingFields) : [];
    const heads = options.remotes === true ? fetched : [...own, ...fetched];
    output.result(heads, () =>
      formatColumns(
        heads.map((head) => [
          head.current ? '*' : ' ',
          output.shortId(head.commitId),
          output.style(head.current ? 'green' : 'bold', output.safe(head.branch)),
        ]),
      ),
    );
    if (heads.length > 0) return;
    output.note(
      options.remotes === true
        ? 'no branch of a remote yet; "dml fetch" brings those of one'
        : 'no branch has a commit yet; "dml run <file>" makes the first one',
    );
  });
}

/** Returns a branch of a remote as people name it. */
function trackingFields({ name, commitId }: Ref): {
  readonly branch: string;
  readonly remote: string | null;
  readonly commitId: string;
  readonly current: false;
} {
  const parts = parseRefName(name);
  const remote = parts.kind === 'remotes' ? parts.remote : null;
  return { branch: refText(name), remote, commitId, current: false };
}

function create({ output, args, io }: CommandContext, reader: RecordReader): void {
  const { store } = reader;
  // @spec DML-CLI-0611
  const name = nfcText(args[0] as string);
  const ref = headRef(name);
  // @spec DML-CLI-0901
  const commitId = findCommit(reader, args[1] ?? store.head());
  // @spec DML-CLI-1784
  if (store.getRef(tagRef(name)) !== undefined) throw cliError('tag_exists', { tag: name });
  const update = { ref, expected: null, next: commitId, actor: actorOf(io.env), reason: 'branch' };
  // The store knows which names a new branch may have.
  // @spec DML-CLI-0903 DML-CLI-0912
  const { applied } = store.updateRef(update);
  // @spec DML-CLI-0902
  if (!applied) throw cliError('branch_exists', { branch: name });
  output.result({ branch: name, commitId }, () => `${output.safe(name)} is at ${output.shortId(commitId)}`);
  output.note(`"dml switch ${output.safe(shellWord(name))}" makes it the current branch`);
  noteShadowedDag(output, name, findObject(reader, name));
}

function remove(context: CommandContext, reader: RecordReader): void {
  const { store } = reader;
  const { output, args, io, options } = context;
  const { name: ref, commitId } = findHead(reader, args[0] as string);
  const branch = branchOf(ref);
  let keeper: Ref | undefined;
  // In one transaction, so that the head which contains the commits is there when this one goes.
  store.transact('delete-head', (transaction) => {
    // @spec DML-CLI-0913
    if (ref === store.head()) throw cliError('branch_current', { branch });
    keeper = containingHead(reader, commitId, ref);
    // @spec DML-CLI-0914
    if (keeper === undefined && options.force !== true) throw cliError('branch_unmerged', { branch });
    // @spec DML-CLI-0910
    const update = { ref, expected: commitId, next: null, actor: actorOf(io.env), reason: 'delete branch' };
    moveRef(transaction, update);
  });
  const restoringCommand = `dml branch ${shellWord(branch)} ${typedId(commitId)}`;
  const containedIn = keeper === undefined ? null : branchOf(keeper.name);
  // @spec DML-CLI-0915
  output.result({ branch, commitId, deleted: true, containedIn, restoringCommand }, () => [
    `deleted the branch ${output.safe(branch)}, which was at ${output.shortId(commitId)}`,
    `"${output.safe(restoringCommand)}" brings it back${keeper === undefined ? ', until "dml gc" deletes what only it kept' : ''}`,
  ]);
}

function misuse(problem: string): Error {
  return cliError('invalid_argument', { problem, command: 'branch' });
}
