import { type StoreError, storeError } from '../errors.ts';

/** What the system answers where the store was moved or deleted. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

/** Returns the error for what the system refused about a store; undefined when it was not the system. */
export function systemError(cause: unknown, path: string): StoreError | undefined {
  const { syscall, code = 'unknown' } = cause as NodeJS.ErrnoException;
  if (syscall === undefined) return undefined;
  // @spec DML-STO-0172
  if (GONE.has(code)) return storeError('store_gone', { path }, cause);
  return storeError('store_unwritable', { path, errno: code, detail: 'prepare' }, cause);
}
