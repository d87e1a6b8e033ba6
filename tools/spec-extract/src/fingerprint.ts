import { createHash } from 'node:crypto';

/** Returns the fingerprint of a requirement text from which id and marks were removed. */
export function fingerprint(text: string): string {
  const normalised = text.replace(/\s+/g, ' ').trim();
  // @spec DML-TRC-0112
  return createHash('sha256').update(normalised, 'utf8').digest('hex').slice(0, 16);
}
