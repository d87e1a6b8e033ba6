import {
  buildTree,
  type Datum,
  decodeRecord,
  type ObjectClass,
  type ObjectId,
  type PageStore,
  type ReferenceId,
  type ReferenceRecord,
  treeEntries,
} from '@daggerml/object-model';
import {
  checkNewRefName,
  ifReadable,
  importObjects,
  type ObjectImportResult,
  referenceRef,
  type StoredReference,
  type WriteTransaction,
} from '@daggerml/store';
import { remoteError } from '../errors.ts';
import { closureSections, incompleteError } from '../fetch/closure-sections.ts';
import type { FetchHost } from '../fetch/fetch.ts';
import { type FetchCounts, type FetchSource, groupSections, streamHead } from '../fetch/fetch-stream.ts';
import { readAbsences } from '../format/absences.ts';
import type { Publication } from '../format/publication.ts';
import { segmentBytesOf } from '../levels/plan-merge.ts';
import type { Remote } from '../remote.ts';
import { isSignedBy, publicationPayload } from '../signatures/publication-signature.ts';
import { onState } from '../state/on-state.ts';
import { type RemoteSnapshot, readSnapshot } from '../state/read-snapshot.ts';
import { namesOf, publicationNamed, rootsOf } from './publish.ts';
import { type DetailsSource, proves, putProof, type ReferenceProof, readProof } from './reference-details.ts';

/** A store that takes references. */
export interface ReferenceHost extends FetchHost {
  readReferences(): StoredReference[];
}

/** A reference that is taken, or taken again. */
export interface TakeOptions {
  readonly store: ReferenceHost;
  /** Local name. */
  readonly name: string;
  /** Name under which the domain has published. */
  readonly published: string;
  /** `did:key` of the domain; that of the reference in effect by default, else the one that is found. */
  readonly domain?: string | undefined;
  readonly acceptExcisions?: boolean | undefined;
  /** Most bytes that are read of a remote. */
  readonly maxBytes?: number | undefined;
  readonly onProgress?: ((counts: Readonly<FetchCounts>) => void) | undefined;
}

/** Result of taking a reference. */
export interface TakeResult {
  readonly reference: ReferenceRecord;
  readonly referenceId: ReferenceId;
  /** The reference that was in effect before. */
  readonly before: StoredReference | undefined;
  /** False where the publication is the one that is known. */
  readonly isChanged: boolean;
  readonly counts: Readonly<FetchCounts>;
  readonly stubs: number;
  readonly tombstones: number;
}

/**
 * Takes a reference to what a domain has published: checks its signature, fetches what it reaches, and makes it the newest
 * reference of its name, once all of it is here.
 *
 * Throws `publication_unknown`, `publication_untrusted`, `remote_damaged` for a remote that does not hold what it
 * publishes, `transfer_invalid`, and what the remote's files throw.
 */
export async function takeReference(remote: Remote, options: TakeOptions): Promise<TakeResult> {
  checkNewRefName(referenceRef(options.name));
  const counts: FetchCounts = { requests: 2, bytes: 0, objects: 0 };
  const first = await readSnapshot(remote.files);
  const { result } = await onState(remote.files, first, (snapshot) =>
    take(remote, options, { snapshot, counts }),
  );
  return { ...result, counts };
}

interface Taking {
  readonly snapshot: RemoteSnapshot;
  readonly counts: FetchCounts;
}

async function take(
  remote: Remote,
  options: TakeOptions,
  { snapshot, counts }: Taking,
): Promise<Omit<TakeResult, 'counts'>> {
  const { store, name, published } = options;
  const before = store.readReferences().find((reference) => reference.name === name);
  const publication = publicationNamed(snapshot.state.published, published);
  if (publication === undefined)
    throw remoteError('publication_unknown', {
      name: published,
      remote: remote.files.name,
      names: namesOf(snapshot.state.published),
    });
  const proof = checkPublication(remote, options, { publication, before });
  if (proof === 'known')
    return { ...(before as StoredReference), before, isChanged: false, stubs: 0, tombstones: 0 };
  let taken: { readonly referenceId: ReferenceId; readonly reference: ReferenceRecord } | undefined;
  const imported = await fetchRoots(remote, options, {
    snapshot,
    counts,
    publication,
    apply: (transaction) => {
      checkOnward(transaction, publication, { name: published, remote: remote.files.name });
      taken = putReference(transaction, { remote, options, publication, proof, before });
    },
  });
  if (taken === undefined) throw new TypeError('nothing was taken');
  const { stubs, tombstones } = imported;
  return { ...taken, before, isChanged: true, stubs, tombstones };
}

/** Checks a publication against its domain and what is known of it; throws `publication_untrusted`. */
function checkPublication(
  remote: Remote,
  { store, published: name, domain: expected }: TakeOptions,
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

/** Publications of this size together are read whole, whichever of them is wanted. */
const WHOLE_BYTES = 64 * 2 ** 20;

async function* noSections(): AsyncGenerator<Uint8Array, void, undefined> {}

interface Fetching extends Taking {
  readonly publication: Publication;
  readonly apply: (transaction: WriteTransaction) => void;
}

/** Imports what a publication shares. */
async function fetchRoots(
  remote: Remote,
  options: TakeOptions,
  { snapshot, counts, publication, apply }: Fetching,
): Promise<ObjectImportResult> {
  const { store, acceptExcisions, maxBytes } = options;
  const roots = rootsOf(publication);
  const { groups, absences: file } = snapshot.state;
  const absences = await readAbsences(remote.files, file);
  const source: FetchSource = {
    files: remote.files,
    counts,
    isHere: (objectClass, id) => store.has(objectClass, id),
    onProgress: (now) => {
      if (maxBytes !== undefined && now.bytes > maxBytes)
        throw remoteError('remote_refused', {
          remote: remote.files.name,
          operation: 'stay within the limit',
          reason: `it offers more than ${maxBytes} bytes`,
          detail: 'limit',
        });
      options.onProgress?.(now);
    },
  };
  const others = Object.values(publication.references).map((id) => ({ class: 'reference', id }) as const);
  const walk = {
    source,
    groups,
    commitIds: publication.commit === null ? [] : [publication.commit],
    others,
    get: (objectClass: ObjectClass, id: ObjectId) => store.get(objectClass, id),
    // What was withheld before may be there now, behind commits that are here.
    isWhole: () => false,
  };
  // Level by level takes a request for each commit of a history; so what is small is read whole.
  const isSmall = groups.reduce((sum, group) => sum + segmentBytesOf(group), 0) <= WHOLE_BYTES;
  const isAlone = Object.keys(snapshot.state.published ?? {}).length === 1;
  const sections =
    roots.length === 0
      ? noSections()
      : isSmall || isAlone
        ? groupSections(source, groups)
        : closureSections(walk);
  const stream = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield* streamHead([], absences);
    yield* sections;
  };
  try {
    return await importObjects(store, stream(), {
      roots,
      acceptWithheld: true,
      acceptExcisions: acceptExcisions === true,
      apply,
    });
  } catch (error) {
    const { code, detail, fields } = error as { code?: string; detail?: string; fields?: never };
    if (code === 'transfer_invalid' && detail === 'incomplete')
      throw incompleteError(remote.files.name, fields ?? {}, error);
    throw error;
  }
}

/** Checks that each reference which is published onward was signed by its own domain; throws `publication_untrusted`. */
function checkOnward(
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

interface Putting {
  readonly remote: Remote;
  readonly options: TakeOptions;
  readonly publication: Publication;
  readonly proof: ReferenceProof;
  readonly before: StoredReference | undefined;
}

function putReference(
  transaction: WriteTransaction,
  { remote, options, publication, proof, before }: Putting,
): { readonly referenceId: ReferenceId; readonly reference: ReferenceRecord } {
  const { commit, domain, references } = publication;
  const pages: PageStore = {
    getPage: (pageId) => transaction.get('page', pageId),
    putPage: (bytes) => transaction.put('page', bytes),
  };
  const onward = Object.entries(references).sort(([left], [right]) =>
    Buffer.compare(Buffer.from(left), Buffer.from(right)),
  );
  const reference: ReferenceRecord = {
    type: 'reference',
    domain,
    name: options.published,
    commitId: commit,
    references: buildTree('references', onward, pages),
    // @spec DML-REM-1305
    takenMs: Math.max(0, Math.trunc(remote.clock.now())),
    previousReferenceId: before?.referenceId ?? null,
    detailsDatumId: putProof(transaction, proof),
  };
  return applyReference(transaction, { name: options.name, reference, remote });
}

function applyReference(
  transaction: WriteTransaction,
  {
    name,
    reference,
    remote,
  }: { readonly name: string; readonly reference: ReferenceRecord; readonly remote: Pick<Remote, 'actor'> },
): { readonly referenceId: ReferenceId; readonly reference: ReferenceRecord } {
  const what = reference.commitId === null ? 'end of reference' : 'reference';
  const update = { name, reference, actor: remote.actor, reason: `${what} to ${reference.name}` };
  const result = transaction.updateReference(update);
  // Another process has taken it in the meantime, with what it checked.
  if (!result.applied) throw remoteError('remote_busy', { remote: reference.domain, seconds: 0 });
  return { referenceId: result.referenceId, reference };
}

/** The end of a reference by whoever holds it. */
export interface EndOptions {
  readonly store: Pick<ReferenceHost, 'readReferences' | 'transact'>;
  readonly name: string;
  readonly actor: string;
  readonly nowMs: number;
}

/**
 * Ends a reference: puts one without a commit in its place. Throws `reference_unknown`.
 *
 * @spec DML-REM-1309
 */
export function endReference({ store, name, actor, nowMs }: EndOptions): StoredReference {
  return store.transact('reference/end', (transaction) => {
    const all = store.readReferences();
    const before = all.find((each) => each.name === name && each.reference.commitId !== null);
    if (before === undefined) throw remoteError('reference_unknown', { name, names: referenceNames(all) });
    const reference: ReferenceRecord = {
      ...before.reference,
      commitId: null,
      references: [],
      takenMs: Math.max(0, Math.trunc(nowMs)),
      previousReferenceId: before.referenceId,
      detailsDatumId: null,
    };
    const { referenceId } = applyReference(transaction, { name, reference, remote: { actor } });
    return { name, referenceId, reference };
  });
}

/** Returns the names of references that have not ended, for messages. */
export function referenceNames(all: readonly StoredReference[]): string {
  const names = all.filter(({ reference }) => reference.commitId !== null).map(({ name }) => name);
  return names.join(', ') || 'none';
}
