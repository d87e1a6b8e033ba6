import { DmlError } from '@daggerml/object-model';
import { type StoreError, storeError } from '../errors.ts';
import { MAX_READERS } from './engine-options.ts';

/** What the engine answers when every place among its readers is taken. */
const READERS_FULL = -30790;

/** Yields the error of a read that found no place; undefined when something else was wrong. */
export function busyError(cause: unknown): StoreError | undefined {
  if (cause instanceof DmlError || (cause as { code?: unknown }).code !== READERS_FULL) return undefined;
  // @spec DML-STO-0144
  return storeError('store_busy', { detail: 'readers', limit: MAX_READERS }, cause);
}
