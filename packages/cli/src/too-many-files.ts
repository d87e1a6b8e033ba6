/** What a system answers to whoever opens more files than the process, or the machine, may have open. */
const NO_MORE_FILES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE']);

export const TOO_MANY_FILES = 'too many files are open in this process, or on this machine';
export const RAISE_LIMIT = 'raise the limit with "ulimit -n 1024", then run the command again';

/** Checks whether an error, or what caused it, says that no more files can be opened. */
export function isTooManyFiles(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isTooManyFiles);
  return NO_MORE_FILES.has((error as NodeJS.ErrnoException).code) || isTooManyFiles(error.cause);
}
