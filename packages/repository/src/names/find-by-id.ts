import type { FoundObject, Store } from '@daggerml/store';
import { repositoryError } from '../errors.ts';
import { typedId } from './typed-id.ts';

const DIGITS = /^[0-9a-fA-F]{1,64}$/;
const WHOLE = 64;
/** Shorter prefixes are refused: they collide as a repository grows. */
const MIN_DIGITS = 4;

/** Checks whether a text is an id in full. */
export function isWholeId(text: string): boolean {
  return text.length === WHOLE && DIGITS.test(text);
}

/** Throws `short_prefix` for a text that could be an id and is too short for one. */
export function refuseShortId(text: string): void {
  // @spec DML-CLI-0602
  if (DIGITS.test(text) && text.length < MIN_DIGITS) throw repositoryError('short_prefix', { name: text });
}

/**
 * Finds the object whose id, or else the blob whose content hash, starts with the digits of a text; undefined when
 * there is none. Throws `ambiguous_prefix`. O(datums of the store) where no id fits.
 */
export function findById(store: Store, text: string): FoundObject | undefined {
  if (!DIGITS.test(text)) return undefined;
  const digits = text.toLowerCase();
  if (digits.length < MIN_DIGITS) return undefined;
  const found = store.resolvePrefix(digits);
  if (found.state === 'ambiguous') throw ambiguous(digits, found.candidates);
  if (found.state === 'unique' && found.class !== 'chunk') return found;
  // The only chunk of a small file has the file's hash: who names it means the file.
  // @spec DML-REP-0009
  const [blob, ...others] = store.findBlobs(digits);
  if (blob === undefined) return found.state === 'unique' ? found : undefined;
  if (others.length === 0) return { class: 'datum', objectId: blob };
  throw ambiguous(
    digits,
    [blob, ...others].map((objectId) => ({ class: 'datum', objectId })),
  );
}

/** @spec DML-CLI-0603 DML-BND-0308 */
function ambiguous(name: string, candidates: readonly FoundObject[]): Error {
  const texts = candidates.map((candidate) => `${typedId(candidate.objectId)} (${candidate.class})`);
  return repositoryError('ambiguous_prefix', { name, candidates: texts });
}
