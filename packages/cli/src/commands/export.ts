import { join } from 'node:path';
import { formatSize } from '@daggerml/object-model';
import { findObject, objectValue, REPOSITORY_MARK } from '@daggerml/repository';
import { type ExportedFile, exportValue } from '../export/export-value.ts';
import type { CommandContext } from '../invocation/command.ts';
import { repositoryFolder, withStore } from '../invocation/repository-access.ts';
import { absolutePath, knownFolder } from '../process/current-folder.ts';
import { formatCount } from '../render/quantities.ts';
import { noteShadowedDag } from '../render/shadowed-dag.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml export <name> <path>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options, io } = context;
  const [name = '', path = ''] = args;
  // @spec DML-CLI-0834
  if (path === '-')
    throw cliError('invalid_argument', {
      problem: '"-" is no path to export to; "dml cat" prints a value, and "./-" names a file',
      command: 'export',
    });
  await withStore(context, 'content', async (reader) => {
    const found = findObject(reader, name);
    noteShadowedDag(output, name, found);
    const { datumId, datum } = objectValue(reader, name, found);
    const target = absolutePath(io, path);
    const { files, leftFolder } = await exportValue(reader, datum, {
      target,
      force: options.force === true,
      keep: {
        repository: join(repositoryFolder(context), REPOSITORY_MARK),
        currentFolder: knownFolder(io),
      },
      signal: io.signal,
    });
    if (leftFolder !== undefined) output.note(`the earlier content could not be removed: ${leftFolder}`);
    const links = files.filter(({ link }) => link !== undefined).length;
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    // @spec DML-CLI-0823
    output.result({ path: target, datumId, files }, () => [
      ...files.map((file) => output.safe(`${file.path || path}  ${shownSize(file)}`)),
      `${formatCount(files.length - links, 'file')}, ${formatSize(sizeBytes)}${links > 0 ? `, ${formatCount(links, 'link')}` : ''}`,
    ]);
  });
}

/** Returns the size of a file, or where a link leads. */
function shownSize({ link, sizeBytes }: ExportedFile): string {
  return link === undefined ? formatSize(sizeBytes) : `-> ${link}`;
}
