import { isAbsolute, join, resolve } from 'node:path';
import { cliError } from '../wording/cli-error.ts';
import type { CliIo } from './cli-io.ts';

/**
 * Returns the absolute path of what a command line names. Throws `missing_folder` for a path that starts at the
 * current folder when that is gone; any other path needs none.
 */
export function absolutePath({ cwd }: Pick<CliIo, 'cwd'>, ...parts: readonly string[]): string {
  const path = parts.reduce((before, part) => (isAbsolute(part) ? part : join(before, part)), '');
  // @spec DML-CLI-0363
  if (isAbsolute(path)) return resolve(path);
  if (typeof cwd === 'string') return resolve(cwd, path);
  // @spec DML-CLI-0364 DML-CLI-0365
  throw cliError('missing_folder', { folder: '.' }, undefined, cwd.problem);
}

/** Returns the current folder, undefined where it has no path. */
export function knownFolder({ cwd }: Pick<CliIo, 'cwd'>): string | undefined {
  return typeof cwd === 'string' ? cwd : undefined;
}
