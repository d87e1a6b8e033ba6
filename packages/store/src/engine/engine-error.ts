import { constants } from 'node:os';
import { DmlError } from '@daggerml/object-model';
import { type StoreErrorFields, storeError } from '../errors.ts';
import { MAX_READERS } from './engine-options.ts';

/** Error of the engine when every reader slot is taken. */
const READERS_FULL = -30790;
/** Error of the engine when another process has taken this one for dead and given its reader slot away. */
const SLOT_LOST = -30783;
/** Error of the engine when it could not stat a file that it has opened; the system's own error is lost then. */
const NOT_LOOKED_AT = -30798;

/** Errors of the system for a place that cannot be written until its owner changes something. */
const UNWRITABLE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EFBIG']);

/** Errors of the system for a store that was moved or deleted. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

/** Some numbers have two names; the first is the usual one. */
const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    .reverse()
    .map(([name, number]) => [number, name]),
);

/** Returns the name of the system's error behind a failure; undefined when the system refused nothing. */
export function errnoOf(cause: unknown): string | undefined {
  // What aborts a wait has a number, too.
  if (!(cause instanceof Error) || cause.name === 'AbortError') return undefined;
  const { code, syscall } = cause as { readonly code?: unknown; readonly syscall?: unknown };
  // The engine gives its own numbers below zero and those of the system above.
  if (typeof code === 'number' && code > 0) return ERRNO_NAMES.get(code) ?? `error ${code}`;
  if (typeof code === 'string' && (syscall !== undefined || code in constants.errno)) return code;
  return errnoOf(cause.cause);
}

/** Subject of a look that failed. */
export interface Looked {
  readonly path: string;
  readonly [fact: string]: string;
}

/**
 * Returns the error of a look at a store that failed: what the system refused is reported as that, and only what
 * was read and cannot be right as damage.
 */
export function readError(cause: unknown, about: Looked): DmlError {
  if (cause instanceof DmlError) return cause;
  const { code } = cause as { readonly code?: unknown };
  const { path } = about;
  // @spec DML-STO-0144
  if (code === READERS_FULL)
    return storeError('store_busy', { detail: 'readers', limit: MAX_READERS }, cause);
  // @spec DML-STO-0541
  if (code === SLOT_LOST) return storeError('session_lost', { ...about, path, detail: 'slot_lost' }, cause);
  if (code === NOT_LOOKED_AT) return storeError('store_unreadable', { ...about, path }, cause);
  const errno = errnoOf(cause);
  if (errno !== undefined && GONE.has(errno)) return storeError('store_gone', { path }, cause);
  // @spec DML-STO-0180 DML-STO-0184
  if (errno !== undefined) return storeError('store_unreadable', { ...about, path, errno }, cause);
  return storeError('store_damaged', about, cause);
}

/** Returns the error of a look at the pages of a store's file, with the path of the store. */
export function locateDamage(error: unknown, path: string): unknown {
  if (!(error instanceof DmlError) || error.code !== 'store_damaged' || error.fields.path !== undefined)
    return error;
  const { detail, fields, cause } = error;
  const facts = { ...(fields as StoreErrorFields), ...(detail && { detail }), path };
  // @spec DML-STO-0162
  return storeError('store_damaged', facts, cause);
}

/** Returns the error of a file that the system did not let be opened or prepared for writing. */
export function openError(cause: unknown, about: Looked): DmlError {
  const errno = cause instanceof DmlError ? undefined : errnoOf(cause);
  if (errno !== undefined && UNWRITABLE.has(errno))
    return storeError('store_unwritable', { ...about, path: about.path, errno }, cause);
  return readError(cause, about);
}

/** Returns the error of a store that could not be closed in order; what was committed is kept. */
export function closeError(cause: unknown, path: string): unknown {
  if (cause instanceof DmlError && cause.code === 'store_gone') return cause;
  const errno = errnoOf(cause);
  // @spec DML-STO-0182
  return storeError('store_close_failed', { path, ...(errno !== undefined && { errno }) }, cause);
}
