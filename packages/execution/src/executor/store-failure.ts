import { isDmlError } from '@daggerml/object-model';

/** Tells an error of the store itself, which concerns every call, from that of an object that one call needs. */
export function isStoreFailure(error: unknown): boolean {
  return isDmlError(error) && (error.code.startsWith('store_') || error.code === 'session_lost');
}
