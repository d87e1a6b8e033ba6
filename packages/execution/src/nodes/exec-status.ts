import { type ExecStatus, FORMAT_VERSION } from '@daggerml/object-model';

/** Array head, format version, type number, node link and node kind stand in front of the status. */
const STATUS_OFFSET = 3 + 41 + 1;

/**
 * Returns the status from the record bytes of an exec whose hash was checked; everything in front of it has a
 * fixed length, so that a re-run of many calls need not decode every exec.
 * One of a newer format counts as failed: what it came to has to be decoded, which reports the format.
 */
export function execStatusOf(bytes: Uint8Array): ExecStatus {
  return bytes[1] === FORMAT_VERSION && bytes[STATUS_OFFSET] === 1 ? 'ok' : 'error';
}
