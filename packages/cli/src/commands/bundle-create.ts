import { join } from 'node:path';
import { formatSize, nfcText } from '@daggerml/object-model';
import {
  branchOf,
  findRef,
  REPOSITORY_MARK,
  type RecordReader,
  repositoryError,
  tagOf,
} from '@daggerml/repository';
import { type ExportProgress, exportCar, parseRefName, type Ref } from '@daggerml/store';
import { writeFileInPlace } from '../export/write-file.ts';
import type { CommandContext } from '../invocation/command.ts';
import { repositoryFolder, withStore } from '../invocation/repository-access.ts';
import { absolutePath, knownFolder } from '../process/current-folder.ts';
import { formatColumns } from '../render/columns.ts';
import { liveProgress } from '../render/live-progress.ts';
import { formatCount } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml bundle create <file> [refs…]`. */
export async function run(context: CommandContext): Promise<void> {
  const { args, io, options, output } = context;
  const [file = '', ...names] = args as readonly string[];
  const isPiped = file === '-';
  if (isPiped) refusePipe(context);
  const show = liveProgress(context);
  // For writing, so that no collection takes anything away meanwhile.
  await withStore(context, 'write', async (reader, store) => {
    const refs = refsOf(reader, names);
    let done: ExportProgress = { objects: 0, bytes: 0 };
    const pieces = exportCar(
      store,
      refs.map(({ name: ref, commitId, sequence }) => ({ ref, commitId, sequence })),
      (progress) => {
        done = { ...progress };
        show(() => `writing: ${formatCount(done.objects, 'object')}, ${formatSize(done.bytes)}`);
      },
    );
    const summary = (): string =>
      `${formatCount(refs.length, 'ref')}, ${formatCount(done.objects, 'object')}, ${formatSize(done.bytes)}`;
    if (isPiped) {
      // @spec DML-CLI-2021
      for await (const piece of pieces) {
        io.signal.throwIfAborted();
        await output.raw(piece);
      }
      output.live();
      return output.note(`wrote ${summary()}`);
    }
    const path = absolutePath(io, file);
    // @spec DML-CLI-2022
    await writeFileInPlace(pieces, {
      target: path,
      force: options.force === true,
      keep: { repository: join(repositoryFolder(context), REPOSITORY_MARK), currentFolder: knownFolder(io) },
      signal: io.signal,
    });
    output.live();
    const listed = refs.map(({ name: ref, commitId }) => ({ ref, commitId }));
    output.result({ path, ...done, refs: listed }, () => [
      `"${output.safe(file)}" holds ${summary()}`,
      formatColumns(
        refs.map(({ name, commitId }) => [
          `  ${output.shortId(commitId)}`,
          output.safe(branchOf(name) === name ? `${tagOf(name)} (tag)` : branchOf(name)),
        ]),
      ),
    ]);
  });
}

/** Throws where the bytes would go to a terminal or next to a document. */
function refusePipe({ globals, output }: CommandContext): void {
  if (output.resultColumns !== undefined) throw cliError('binary_value', { name: '-' }, undefined, 'bundle');
  const problem = 'with --json a bundle goes to a file, not to standard output';
  if (globals.json) throw cliError('invalid_argument', { problem, command: 'bundle create' });
}

/** Returns the refs to write; all branches and tags where none is named. Throws for what is neither. */
function refsOf(reader: RecordReader, names: readonly string[]): Ref[] {
  const { store } = reader;
  if (names.length === 0) {
    // @spec DML-CLI-2020
    const all = [...store.readRefs('heads'), ...store.readRefs('tags')];
    if (all.length === 0) throw repositoryError('no_commit', { branch: branchOf(store.head()) });
    return all;
  }
  const found = new Map<string, Ref>();
  for (const name of names) {
    const ref = findRef(reader, nfcText(name));
    const { kind } = parseRefName(ref.name);
    if (kind !== 'heads' && kind !== 'tags')
      throw repositoryError(
        'wrong_class',
        { name, found: 'commit', wanted: 'branch' },
        undefined,
        'no_branch',
      );
    found.set(ref.name, ref);
  }
  return [...found.values()];
}
