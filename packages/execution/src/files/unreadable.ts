import { isDmlError } from '@daggerml/object-model';
import { executionError } from '../errors.ts';

/** Said of a file that was in another state a moment ago. */
export const CHANGED = 'it changed while it was read';

/** Checks whether an error says so of a file. */
export function isChanged(error: unknown): boolean {
  return isDmlError(error) && error.code === 'unreadable_file' && error.fields.reason === CHANGED;
}

/** Returns the refusal of a path that cannot be captured. */
export function unreadable(path: string, reason: string, cause?: unknown): Error {
  return executionError('unreadable_file', { path, reason }, cause);
}

/** Returns the refusal of a path at which the system refused something. */
export function refusedBySystem(path: string, cause: unknown): Error {
  return unreadable(path, errorCode(cause), cause);
}

/** Returns the code of an error of the system. */
export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
