import { buildTree, type PageStore, type ReferenceId, type ReferenceRecord } from '@daggerml/object-model';
import {
  checkNewRefName,
  importObjects,
  type ObjectImportResult,
  type ObjectName,
  referenceRef,
  type StoredReference,
  type WriteTransaction,
} from '@daggerml/store';
import { remoteError } from '../errors.ts';
import { type ClosureWalk, closureObjects, incompleteError } from '../fetch/closure-sections.ts';
import type { FetchHost } from '../fetch/fetch-host.ts';
import { type FetchCounts, type FetchSource, groupSections, streamHead } from '../fetch/fetch-stream.ts';
import { GroupIndexes } from '../fetch/group-indexes.ts';
import { readAbsences } from '../format/absences.ts';
import type { GroupEntry } from '../format/group.ts';
import { LinkSet } from '../format/link.ts';
import type { Publication } from '../format/publication.ts';
import { sectionOf } from '../format/segment.ts';
import { segmentBytesOf } from '../levels/plan-merge.ts';
import type { Remote } from '../remote.ts';
import { onState } from '../state/on-state.ts';
import { type RemoteSnapshot, readSnapshot } from '../state/read-snapshot.ts';
import { applyReference } from './apply-reference.ts';
import { checkOnward, checkPublication, type PublicationRequest } from './check-publication.ts';
import { namesOf, publicationNamed } from './publication-names.ts';
import { rootsOf } from './publish.ts';
import { putProof, type ReferenceProof } from './reference-details.ts';

/** A store that takes references. */
export interface ReferenceHost extends FetchHost {
  readReferences(): StoredReference[];
}

/** A reference that is taken, or taken again. */
export interface TakeOptions extends PublicationRequest {
  readonly store: ReferenceHost;
  /** Local name. */
  readonly name: string;
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
 * Throws `remote_missing`, `publication_unknown`, `publication_untrusted`, `remote_damaged` for a remote that does not hold what it
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
  // @spec DML-REM-1953
  if (snapshot.version === null) throw remoteError('remote_missing', { remote: remote.files.name });
  const before = store.readReferences().find((reference) => reference.name === name);
  const publication = publicationNamed(snapshot.state.published, published);
  // What has ended is of use to those alone who have a reference to it.
  const isRunning = before !== undefined && before.reference.commitId !== null;
  if (publication === undefined || (publication.commit === null && !isRunning))
    throw remoteError('publication_unknown', {
      name: published,
      remote: remote.files.name,
      names: namesOf(snapshot.state.published),
      ...(snapshot.state.published === undefined && { detail: 'internal' }),
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

/** Publications of this size together are read whole, whichever of them is wanted. */
const WHOLE_BYTES = 64 * 2 ** 20;

interface ClosureOf extends Pick<ClosureWalk, 'get'> {
  readonly groups: readonly GroupEntry[];
  readonly roots: readonly ObjectName[];
}

/** Yields the sections of what some objects reach and is not here. */
async function* closureOf(
  source: FetchSource,
  { groups, roots, get }: ClosureOf,
): AsyncGenerator<Uint8Array, void, undefined> {
  const walk = {
    source,
    indexes: await GroupIndexes.read(source, groups),
    roots: roots.map(({ class: objectClass, objectId }) => ({ class: objectClass, id: objectId })),
    get,
    // What was withheld before may be there now, behind commits that are here.
    isWhole: () => false,
    leftOut: new LinkSet(),
  };
  for await (const object of closureObjects(walk)) yield sectionOf(object);
}

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
  // Level by level takes more requests, so what is small is read whole.
  const isSmall = groups.reduce((sum, group) => sum + segmentBytesOf(group), 0) <= WHOLE_BYTES;
  const isAlone = Object.keys(snapshot.state.published ?? {}).length === 1;
  const sections =
    isSmall || isAlone
      ? groupSections(source, groups)
      : closureOf(source, { groups, roots, get: (objectClass, id) => store.get(objectClass, id) });
  const stream = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield* streamHead([], absences);
    if (roots.length > 0) yield* sections;
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
