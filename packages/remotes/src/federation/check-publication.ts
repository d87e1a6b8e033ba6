import {
  type Datum,
  decodeRecord,
  type ReferenceId,
  type ReferenceRecord,
  treeEntries,
} from '@daggerml/object-model';
import { ifReadable, type StoredReference, type WriteTransaction } from '@daggerml/store';
import { remoteError } from '../errors.ts';
import type { FetchHost } from '../fetch/fetch-host.ts';
import type { Publication } from '../format/publication.ts';
import type { Remote } from '../remote.ts';
import { isSignedBy, publicationPayload } from '../signatures/publication-signature.ts';
import { type DetailsSource, proves, type ReferenceProof, readProof } from './reference-details.ts';

/** A publication that is asked for. */
export interface PublicationRequest {
  readonly store: Pick<FetchHost, 'get'>;
  /** Name under which the domain has published. */
  readonly published: string;
  /** `did:key` of the domain; that of the reference in effect by default, else the one that is found. */
  readonly domain?: string | undefined;
}

/**
 * Checks a publication against its domain and what is known of it. Returns what was signed, `known` where nothing is new.
 * Throws `publication_untrusted`.
 */
export function checkPublication(
  remote: Pick<Remote, 'files'>,
  { store, published: name, domain: expected }: PublicationRequest,
  {
    publication,
    before,
  }: { readonly publication: Publication; readonly before: StoredReference | undefined },
): ReferenceProof | 'known' {
  const { domain, number } = publication;
  const facts = { name, remote: remote.files.name, domain, number };
  const isRunning = before !== undefined && before.reference.commitId !== null;
  const pinned = expected ?? (isRunning ? before.reference.domain : undefined);
  // @spec DML-REM-1315
  if (pinned !== undefined && pinned !== domain)
    throw remoteError('publication_untrusted', { ...facts, expected: pinned, detail: 'key' });
  const payload = publicationPayload({ ...publication, name });
  if (!isSignedBy(domain, payload, publication.sig))
    throw remoteError('publication_untrusted', { ...facts, detail: 'signature' });
  const known = before && lastProof(before.reference, sourceOf(store), { domain, name });
  // @spec DML-REM-1317
  if (known !== undefined && known.number > number)
    throw remoteError('publication_untrusted', { ...facts, known: known.number, detail: 'older' });
  if (known?.number !== number) return { number, payload, sig: publication.sig };
  if (known.payload !== payload) throw remoteError('publication_untrusted', { ...facts, detail: 'other' });
  return isRunning || publication.commit === null ? 'known' : { number, payload, sig: publication.sig };
}

/** Returns what a domain has signed of a name last, as far as references remember. */
function lastProof(
  reference: ReferenceRecord,
  source: DetailsSource & { getReference(id: ReferenceId): ReferenceRecord | undefined },
  { domain, name }: { readonly domain: string; readonly name: string },
): ReferenceProof | undefined {
  for (let each: ReferenceRecord | undefined = reference; each !== undefined; ) {
    const proof = each.domain === domain && each.name === name ? readProof(each, source) : undefined;
    if (proof !== undefined) return proof;
    each = each.previousReferenceId === null ? undefined : source.getReference(each.previousReferenceId);
  }
  return undefined;
}

/** Returns a source of the records that references link to, as far as they can be read: some may be excised or withheld. */
function sourceOf(store: {
  get(objectClass: 'datum' | 'page' | 'reference', id: never): Uint8Array | undefined;
}): DetailsSource & { getReference(id: ReferenceId): ReferenceRecord | undefined } {
  return {
    getPage: (pageId) => store.get('page', pageId as never),
    getDatum: (datumId) =>
      ifReadable(() => {
        const bytes = store.get('datum', datumId as never);
        return bytes && (decodeRecord(bytes, 'datum') as Datum);
      }),
    getReference: (id) =>
      ifReadable(() => {
        const bytes = store.get('reference', id as never);
        return bytes && decodeRecord(bytes, 'reference');
      }),
  };
}

/** Checks that each reference which is published onward was signed by its own domain; throws `publication_untrusted`. */
export function checkOnward(
  transaction: WriteTransaction,
  { references }: Pick<Publication, 'references'>,
  facts: { readonly name: string; readonly remote: string },
): void {
  const source = sourceOf({ get: (objectClass, id) => transaction.get(objectClass, id) });
  const waiting = Object.entries(references);
  const seen = new Set<string>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [name, id] = next;
    if (seen.has(id)) continue;
    seen.add(id);
    const reference = source.getReference(id);
    const onward =
      reference === undefined
        ? {}
        : Object.fromEntries(treeEntries('references', reference.references, source));
    const proof = reference && readProof(reference, source);
    // A reference that its holder has ended is signed by nobody. @spec DML-REM-1316
    const isProven =
      reference !== undefined &&
      (reference.commitId === null || (proof !== undefined && proves(proof, reference, onward)));
    if (!isProven)
      throw remoteError('publication_untrusted', { ...facts, reference: name, detail: 'onward' });
    waiting.push(...Object.entries(onward));
    const { previousReferenceId } = reference;
    // An earlier one may be excised by now.
    if (previousReferenceId !== null && source.getReference(previousReferenceId) !== undefined)
      waiting.push([name, previousReferenceId]);
  }
}
