import { dirname, resolve } from 'node:path';
import { cliError } from '../cli-error.ts';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { exportValue } from '../export-value.ts';
import { tellHiddenDag } from '../hidden-dag.ts';
import { findObject } from '../object-name.ts';
import { objectValue } from '../object-value.ts';
import { formatSize } from '../quantities.ts';
import { RecordReader } from '../record-reader.ts';
import { withStore } from '../repository-access.ts';

/** `dml export <name> <path>`. */
export async function run(context: CommandContext): Promise<number> {
  const { output, args, options, io } = context;
  const [name = '', path = ''] = args;
  // @spec DML-CLI-0834
  if (path === '-')
    throw cliError('invalid_argument', {
      problem: '"-" is no path to export to; "dml cat" prints a value, and "./-" names a file',
      command: 'export',
    });
  await withStore(context, 'read', async (store) => {
    const reader = new RecordReader(store);
    const found = findObject(reader, name);
    tellHiddenDag(output, name, found);
    const datumId = objectValue(reader, name, found);
    const target = resolve(io.cwd, path);
    const files = await exportValue(reader, datumId, {
      name,
      target,
      force: options.force === true,
      store: dirname(store.path),
      currentFolder: io.cwd,
      signal: io.signal,
    });
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    // @spec DML-CLI-0823
    output.result({ path: target, datumId, files }, () =>
      [
        ...files.map((file) => `${output.safe(file.path || path)}  ${formatSize(file.sizeBytes)}`),
        `${files.length} ${files.length === 1 ? 'file' : 'files'}, ${formatSize(sizeBytes)}`,
      ].join('\n'),
    );
  });
  return EXIT.done;
}
