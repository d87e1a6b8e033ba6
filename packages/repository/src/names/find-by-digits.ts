import type { FoundObject, Ref, Store } from '@daggerml/store';
import { repositoryError } from '../errors.ts';
import { indexNameOf } from './ref-text.ts';
import { typedId } from './typed-id.ts';

const DIGITS = /^[0-9a-fA-F]{1,64}$/;
const WHOLE = 64;
/** Shorter prefixes are refused: they collide as a repository grows. */
const MIN_DIGITS = 4;

/** An object that its first digits name, or the commit of the IndexRef whose UUID they begin. */
export type FoundByDigits = FoundObject & { readonly ref?: Ref };

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
 * Finds the one object or IndexRef that the first digits of its id, content hash or UUID name; undefined when there is
 * none. Throws `ambiguous_prefix`. O(datums of the store) where no id fits.
 */
export function findByDigits(store: Store, text: string): FoundByDigits | undefined {
  const digits = text.toLowerCase();
  if (digits.length < MIN_DIGITS) return undefined;
  // @spec DML-REP-0030
  const works = store.readRefs('index').filter((ref) => indexNameOf(ref.name).startsWith(digits));
  const objects = DIGITS.test(digits) ? objectsById(store, digits) : [];
  const [work] = works;
  if (work === undefined && objects.length < 2) return objects[0];
  if (works.length === 1 && objects.length === 0)
    return { class: 'commit', objectId: (work as Ref).commitId, ref: work as Ref };
  // @spec DML-CLI-0603 DML-BND-0308
  throw repositoryError('ambiguous_prefix', {
    name: digits,
    candidates: [
      ...objects.map((object) => `${typedId(object.objectId)} (${object.class})`),
      ...works.map((ref) => `${indexNameOf(ref.name)} (work in progress)`),
    ],
  });
}

/** Lists the objects whose ids, or else the blobs whose content hashes, start with some digits. */
function objectsById(store: Store, digits: string): readonly FoundObject[] {
  const found = store.resolvePrefix(digits);
  if (found.state === 'ambiguous') return found.candidates;
  if (found.state === 'unique' && found.class !== 'chunk') return [found];
  // The only chunk of a small file has the file's hash: who names it means the file.
  // @spec DML-REP-0009
  const blobs = store.findBlobs(digits);
  if (blobs.length > 0) return blobs.map((objectId) => ({ class: 'datum', objectId }));
  return found.state === 'unique' ? [found] : [];
}
