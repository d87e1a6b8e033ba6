import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import type { CliIo } from './cli-io.ts';

/** Error codes for more open files than the process, or the machine, may have. */
export const NO_MORE_FILES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE']);

export const TOO_MANY_FILES = 'too many files are open in this process, or on this machine';
export const RAISE_LIMIT = 'raise the limit with "ulimit -n 1024", then run the command again';

/** Checks whether an error, or what caused it, says that no more files can be opened. */
export function isTooManyFiles(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isTooManyFiles);
  // The loader of Node says so in words alone where it reads the description of a package.
  const isWorded = /too many open files/.test(error.message);
  return isWorded || NO_MORE_FILES.has((error as NodeJS.ErrnoException).code) || isTooManyFiles(error.cause);
}

/**
 * Reports that no more files can be opened without a further module, since that is a file too; returns the exit code.
 *
 * @spec DML-CLI-1242
 */
export function reportTooManyFiles(stderr: Pick<CliIo['stderr'], 'write'>, isJson: boolean): ExitCode {
  const document = { code: 'too_many_files', detail: null, message: TOO_MANY_FILES, hint: RAISE_LIMIT };
  stderr.write(
    isJson ? `${JSON.stringify(document, undefined, 2)}\n` : `dml: ${TOO_MANY_FILES}\nhint: ${RAISE_LIMIT}\n`,
  );
  return EXIT.storage;
}
