import type { ExecStatus } from '@daggerml/object-model';

/** Array head, format version, type number, node link and node kind stand in front of the status. */
const STATUS_OFFSET = 3 + 41 + 1;

/**
 * Yields the status from the record bytes of an exec whose hash was checked; everything in front of it has a
 * fixed length, so that a re-run of many calls need not decode every exec.
 */
export function execStatusOf(bytes: Uint8Array): ExecStatus {
  return bytes[STATUS_OFFSET] === 1 ? 'ok' : 'error';
}
