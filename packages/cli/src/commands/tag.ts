import { nfcText } from '@daggerml/object-model';
import { findCommit, findObject, findTag, type RecordReader, tagOf, typedId } from '@daggerml/repository';
import { headRef, tagRef } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { moveRef, withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { formatColumns } from '../render/columns.ts';
import { noteShadowedDag } from '../render/shadowed-dag.ts';
import { cliError } from '../wording/cli-error.ts';
import { shellWord } from '../wording/wording.ts';

/** Runs `dml tag`, `dml tag <name> [commit]` and `dml tag --delete <name>`. */
export async function run(context: CommandContext): Promise<void> {
  const { args, options } = context;
  const isDeletion = options.delete === true;
  if (args[0] === undefined) {
    if (isDeletion) throw cliError('missing_argument', { word: 'name', command: 'tag' });
    return await withStore(context, 'read', (reader) => list(context, reader));
  }
  if (isDeletion && args[1] !== undefined)
    throw cliError('invalid_argument', {
      problem: '"--delete" takes the name of a tag and no commit',
      command: 'tag',
    });
  await withStore(context, 'write', (reader) => (isDeletion ? remove : create)(context, reader));
}

function list({ output }: CommandContext, reader: RecordReader): void {
  const { store } = reader;
  // @spec DML-CLI-1780
  const tags = store.readRefs('tags').map(({ name, commitId }) => {
    const { message } = reader.read('commit', commitId);
    return { tag: tagOf(name), commitId, message };
  });
  output.result(tags, () =>
    formatColumns(
      tags.map(({ tag, commitId, message }) => [
        output.shortId(commitId),
        output.style('bold', output.safe(tag)),
        output.safe(message.split('\n', 1)[0] ?? ''),
      ]),
    ),
  );
  if (tags.length === 0) output.note('no tag yet; "dml tag <name>" names the current commit');
}

function create({ output, args, io }: CommandContext, reader: RecordReader): void {
  const { store } = reader;
  const tag = nfcText(args[0] as string);
  const ref = tagRef(tag);
  const commitId = findCommit(reader, args[1] ?? store.head());
  // @spec DML-CLI-1783
  if (store.getRef(headRef(tag)) !== undefined) throw cliError('branch_exists', { branch: tag });
  // @spec DML-CLI-1781
  const update = { ref, expected: null, next: commitId, actor: actorOf(io.env), reason: 'tag' };
  // @spec DML-CLI-1782
  if (!store.updateRef(update).applied) throw cliError('tag_exists', { tag });
  output.result({ tag, commitId }, () => `${output.safe(tag)} is ${output.shortId(commitId)}`);
  noteShadowedDag(output, tag, findObject(reader, tag));
}

function remove({ output, args, io }: CommandContext, reader: RecordReader): void {
  const { store } = reader;
  const { name: ref, commitId } = findTag(reader, args[0] as string);
  const tag = tagOf(ref);
  // @spec DML-CLI-1785
  moveRef(store, { ref, expected: commitId, next: null, actor: actorOf(io.env), reason: 'delete tag' });
  const restoringCommand = `dml tag ${shellWord(tag)} ${typedId(commitId)}`;
  output.result({ tag, commitId, deleted: true, restoringCommand }, () => [
    `deleted the tag ${output.safe(tag)}, which was ${output.shortId(commitId)}`,
    `"${output.safe(restoringCommand)}" brings it back, until "dml gc" deletes what only it kept`,
  ]);
}
