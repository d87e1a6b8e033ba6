import { isDmlError } from '@daggerml/object-model';

/** Checks whether an error concerns the whole store rather than one missing object. */
export function isStoreFailure(error: unknown): boolean {
  return isDmlError(error) && (error.code.startsWith('store_') || error.code === 'session_lost');
}
