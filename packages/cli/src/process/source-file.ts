import { type BigIntStats, statSync } from 'node:fs';
import { captureError } from '@daggerml/capture';
import { formatSize } from '@daggerml/object-model';
import { cliError } from '../wording/cli-error.ts';
import { errnoOf } from './errno.ts';

/** A file above this is data that was named by mistake. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Throws for what is no file of code, before anything reads it: a folder, a device, a mistaken data file. */
export function refuseUnusable(file: string): void {
  const found = lookAt(file);
  // @spec DML-CLI-1203
  if (found === undefined) throw captureError('pipeline_missing', { file });
  if (found.isDirectory()) throw cliError('unusable_file', { file, problem: 'is a folder' });
  if (!found.isFile()) throw cliError('unusable_file', { file, problem: 'is not a regular file' });
  const size = Number(found.size);
  if (size <= MAX_FILE_BYTES) return;
  const problem = `has ${formatSize(size)}, more than any file of code (${formatSize(MAX_FILE_BYTES)})`;
  throw cliError('unusable_file', { file, problem });
}

/** Returns the status of a path; undefined where nothing is. Throws `unusable_file` where the system does not say. */
function lookAt(file: string): BigIntStats | undefined {
  try {
    // As big integers: the other form of a pipe's status misleads the module loader of Node 20 later on.
    return statSync(file, { bigint: true, throwIfNoEntry: false });
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === 'ENOTDIR') return undefined;
    // @spec DML-CLI-1241
    throw cliError('unusable_file', { file, problem: `cannot be read (${errno})` }, cause);
  }
}
