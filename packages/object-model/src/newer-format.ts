import type { ErrorDetail } from './error-table.ts';
import { type DmlError, isDmlError } from './errors.ts';

const NEWER: ReadonlySet<ErrorDetail> = new Set([
  'newer_version',
  'newer_type',
  'newer_kind',
  'newer_schema',
]);

/**
 * Checks whether a caught error says that a record belongs to a newer format, as opposed to damage: a newer version
 * of this package may read it.
 *
 * @spec DML-OBJ-0237
 */
export function isNewerFormat(caught: unknown): caught is DmlError {
  return isDmlError(caught) && NEWER.has(caught.detail as ErrorDetail);
}
