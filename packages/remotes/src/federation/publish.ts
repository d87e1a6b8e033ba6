import { isDeepStrictEqual } from 'node:util';
import { type CommitId, encodeRecord, type ObjectId, type ReferenceId } from '@daggerml/object-model';
import {
  checkNewRefName,
  type ExportHost,
  type ObjectName,
  type PublishedClosure,
  publishedClosure,
  referenceRef,
  type WithholdPolicy,
} from '@daggerml/store';
import { remoteError } from '../errors.ts';
import {
  type Absence,
  type Absences,
  absenceKey,
  absenceOf,
  isExcised,
  readAbsences,
  withAbsences,
} from '../format/absences.ts';
import type { GroupEntry } from '../format/group.ts';
import type { Publication } from '../format/publication.ts';
import { SEGMENT_BYTES } from '../format/segment.ts';
import { rewriteGroups } from '../levels/merge-groups.ts';
import { planMerge } from '../levels/plan-merge.ts';
import { dryFiles } from '../push/dry-files.ts';
import { putAbsences } from '../push/put-absences.ts';
import { GroupWriter, type PutProgress, sentObject } from '../push/put-groups.ts';
import type { Remote } from '../remote.ts';
import type { DomainSigner } from '../signatures/publication-signature.ts';
import { advance, type StateChange } from '../state/advance.ts';
import { nextPublication } from '../state/next-numbers.ts';
import { readBase } from '../state/read-base.ts';
import type { RemoteSnapshot } from '../state/read-snapshot.ts';
import type { StateMemory } from '../state/state-memory.ts';
import { namesOf, publicationNamed } from './publication-names.ts';
import { assertForPublications } from './remote-purpose.ts';

/** Most objects that a refusal names. */
const MAX_NAMED = 10;

/** A commit that a domain makes visible to others. */
export interface PublishOptions {
  readonly store: ExportHost;
  readonly name: string;
  /** Null ends the publication: what was published stays, and nothing follows it. */
  readonly commitId: CommitId | null;
  /** References that are published with the commit, by their names. */
  readonly references?: ReadonlyMap<string, ReferenceId> | undefined;
  readonly policy?: WithholdPolicy | undefined;
  readonly signer: DomainSigner;
  /** Shares what earlier publications withheld and the policy does not; refused by default. */
  readonly release?: boolean | undefined;
  /** Hears what is planned before an object is put; throws to refuse it. */
  readonly onPlan?: ((plan: PublicationPlan) => void) | undefined;
  /** State of the last exchange with the remote, and its name here; nothing is remembered by default. */
  readonly memory?: StateMemory | undefined;
  readonly remoteName?: string | undefined;
  /** Plans everything and writes nothing. */
  readonly isDryRun?: boolean | undefined;
  readonly segmentBytes?: number | undefined;
  readonly onProgress?: ((progress: Readonly<PutProgress>) => void) | undefined;
}

/** Everything about a publication that is known before its first object is put. */
export type PublicationPlan = Pick<
  PublishedClosure,
  'releasedDags' | 'releasedObjects' | 'namesBefore' | 'isShared' | 'isThere' | 'reaches'
>;

/** Result of publishing. */
export interface PublishResult {
  readonly publication: Publication;
  /** Objects that were put, and bytes of their segments. */
  readonly objects: number;
  readonly bytes: number;
  /** Objects that the publication links to and that were left out. */
  readonly withheld: readonly ObjectName[];
  /** Objects that the policy withholds and that an earlier publication has shared. */
  readonly sharedBefore: readonly ObjectName[];
  /** Objects that were not put: those that are withheld, and all that these alone lead to. */
  readonly heldBack: number;
}

/** Files that were put in one epoch, and what stands for what was left out. */
interface Prepared {
  readonly epoch: number;
  readonly groups: readonly GroupEntry[];
  readonly added: readonly Absence[];
  /** Keys of objects that are there now, whatever was withheld of them before. */
  readonly filled: readonly string[];
  readonly withheld: readonly ObjectName[];
  readonly sharedBefore: readonly ObjectName[];
  readonly heldBack: number;
}

/**
 * Publishes a commit under a name on a remote for publications: puts what it reaches but for what the policy withholds,
 * of which stubs are put, and then a state with the signed publication.
 *
 * Throws `remote_purpose` for a remote with branches, `publication_foreign` for a name of another domain,
 * `remote_missing` with `vanished` and `push_stale` with `back` where the remote is not what is remembered,
 * `publication_unknown` for the end of what is not published, `publication_releases`, `object_missing`, `remote_busy`,
 * `push_unknown`, and what the remote's files throw.
 */
export async function publish(remote: Remote, options: PublishOptions): Promise<PublishResult> {
  const files = options.isDryRun === true ? dryFiles(remote.files) : remote.files;
  return await publishOn({ ...remote, files }, options);
}

async function publishOn(remote: Remote, options: PublishOptions): Promise<PublishResult> {
  const { name, signer, commitId, memory } = options;
  checkNewRefName(referenceRef(name));
  const recalled = await memory?.recall();
  // Readers would find two publications of one number. @spec DML-REM-1888
  const first = await readBase(remote.files, recalled, options.remoteName);
  const counts = { objects: 0, bytes: 0 };
  let prepared: Prepared | undefined;
  let publication: Publication | undefined;
  const propose = async (base: RemoteSnapshot): Promise<StateChange | undefined> => {
    await assertForPublications(base.state, remote.files);
    const before = publicationBefore(base, options, remote);
    if (prepared?.epoch !== base.state.epoch) prepared = await prepare(remote, { base, options, counts });
    if (before !== undefined && !isChange(before, options, prepared)) {
      publication = before;
      return undefined;
    }
    publication = signer.sign({
      commit: commitId,
      domain: signer.domain,
      name,
      number: nextPublication(remote.files.name, before),
      references: Object.fromEntries(options.references ?? []),
      timeMs: Math.max(0, Math.trunc(remote.clock.now())),
    });
    return await changeOf(remote, { base, options, prepared, publication });
  };
  const { snapshot } = await advance(remote, propose, { first });
  if (options.isDryRun !== true && snapshot.version !== undefined)
    await memory?.remember({ ...snapshot, version: snapshot.version });
  const { withheld, sharedBefore, heldBack } = prepared as unknown as Prepared;
  return { publication: publication as unknown as Publication, ...counts, withheld, sharedBefore, heldBack };
}

/** Returns the publication that is in effect under the name; throws where this domain may not follow it. */
function publicationBefore(
  { state }: RemoteSnapshot,
  { name, commitId, signer }: PublishOptions,
  remote: Remote,
): Publication | undefined {
  const before = publicationNamed(state.published, name);
  // @spec DML-REM-1314
  if (before !== undefined && before.domain !== signer.domain)
    throw remoteError('publication_foreign', { name, remote: remote.files.name, domain: before.domain });
  if (commitId === null && !before?.commit)
    throw remoteError('publication_unknown', {
      name,
      remote: remote.files.name,
      names: namesOf(state.published),
    });
  return before;
}

/** Returns the objects that a publication shares, with all that they reach. */
export function rootsOf({ commit, references }: Pick<Publication, 'commit' | 'references'>): ObjectName[] {
  const commits: ObjectName[] = commit === null ? [] : [{ class: 'commit', objectId: commit }];
  return [
    ...commits,
    ...Object.values(references).map((objectId) => ({ class: 'reference', objectId }) as const),
  ];
}

/** Checks whether there is anything to publish besides what is published. */
function isChange(
  before: Publication,
  { commitId, references }: PublishOptions,
  prepared: Prepared,
): boolean {
  const now = Object.fromEntries(references ?? []);
  const isSame =
    before.commit === commitId &&
    isDeepStrictEqual({ ...before.references }, now) &&
    prepared.groups.length === 0;
  return !isSame;
}

interface Preparing {
  readonly base: RemoteSnapshot;
  readonly options: PublishOptions;
  readonly counts: { objects: number; bytes: number };
}

async function prepare(remote: Remote, { base, options, counts }: Preparing): Promise<Prepared> {
  const { epoch, published = {}, absences: file } = base.state;
  const { store, commitId, policy = {}, references = new Map(), signer } = options;
  const roots = rootsOf({ commit: commitId, references: Object.fromEntries(references) });
  const there = await readAbsences(remote.files, file);
  const closure = await publishedClosure(store, {
    roots,
    policy,
    known: Object.values(published).flatMap(rootsOf),
    isWithheldThere: ({ class: objectClass, objectId }) => there.has(absenceKey(objectClass, objectId)),
    ownWithheld: stubsOf(there, signer.domain),
  });
  options.onPlan?.(closure);
  assertNotReleased(remote, options, closure);
  const timeMs = Math.max(0, Math.trunc(remote.clock.now()));
  const added = closure.withheld.map(({ class: objectClass, objectId }): Absence => {
    const record = { type: 'stub', objectClass, objectId, domain: signer.domain, timeMs } as const;
    return { record, bytes: encodeRecord(record) };
  });
  const filled: string[] = [];
  const { segmentBytes, onProgress } = options;
  const writer = new GroupWriter(remote, { epoch, kind: 'objects', segmentBytes, onProgress });
  try {
    for await (const block of closure.blocks()) {
      const object = sentObject(block);
      if (object === undefined) {
        const absence = absenceOf(block.bytes);
        if (absence !== undefined) added.push(absence);
        continue;
      }
      if (isExcised(there, object)) continue;
      const key = absenceKey(object.class, object.id);
      if (there.has(key)) filled.push(key);
      const put = writer.add(object);
      if (put !== undefined) await put;
    }
    const group = await writer.finish();
    counts.objects = writer.objectCount;
    counts.bytes = writer.putBytes;
    // @spec DML-REM-1951
    const { withheld, sharedBefore, heldBackCount: heldBack } = closure;
    return {
      epoch,
      groups: group === undefined ? [] : [group],
      added,
      filled,
      withheld,
      sharedBefore,
      heldBack,
    };
  } finally {
    await writer.abandon();
  }
}

/** Lists the objects that a domain withholds on a remote. */
function stubsOf(absences: Absences, domain: string): ObjectName[] {
  return [...absences.values()].flatMap(({ record }) =>
    record.type === 'stub' && record.domain === domain
      ? [{ class: record.objectClass, objectId: record.objectId as ObjectId }]
      : [],
  );
}

/** Throws `publication_releases` for what was withheld and would be shared. @spec DML-REM-1950 */
function assertNotReleased(
  { files }: Remote,
  { name, release }: PublishOptions,
  { releasedDags, releasedObjects }: Pick<PublicationPlan, 'releasedDags' | 'releasedObjects'>,
): void {
  if (release === true || releasedDags.length + releasedObjects.length === 0) return;
  const dags = [...new Set(releasedDags.map((dag) => `the dag "${dag.name}"`))];
  const objects = releasedObjects.map((object) => `the ${object.class} ${object.objectId}`);
  const what = [...dags, ...objects].slice(0, MAX_NAMED);
  const others = dags.length + objects.length - what.length;
  throw remoteError('publication_releases', {
    name,
    remote: files.name,
    what: others === 0 ? what.join(', ') : `${what.join(', ')} and ${others} more`,
  });
}

interface Publishing {
  readonly base: RemoteSnapshot;
  readonly options: PublishOptions;
  readonly prepared: Prepared;
  readonly publication: Publication;
}

async function changeOf(
  remote: Remote,
  { base, options, prepared, publication }: Publishing,
): Promise<StateChange> {
  const { state } = base;
  const { name, segmentBytes = SEGMENT_BYTES } = options;
  const before = await readAbsences(remote.files, state.absences);
  const absences = withAbsences(withoutStubs(before, prepared.filled), prepared.added);
  const listed = new Set(state.groups.map(({ index }) => index));
  const groups = [...state.groups, ...prepared.groups.filter(({ index }) => !listed.has(index))];
  const chosen = planMerge(groups, segmentBytes);
  const { epoch } = state;
  const merged =
    chosen.length === 0
      ? 'gone'
      : await rewriteGroups(remote, chosen, { epoch, kind: 'objects', segmentBytes });
  const others = groups.filter((group) => !chosen.includes(group));
  return {
    reason: publication.commit === null ? `end ${name}` : `publish ${name}`,
    groups: merged === 'gone' ? groups : merged === undefined ? others : [...others, merged],
    absences: await putAbsences(remote, absences, { before, state }),
    // @spec DML-REM-1311
    published: { ...state.published, [name]: publication },
  };
}

/** Returns absences without the stubs of some objects. */
function withoutStubs(absences: Absences, keys: readonly string[]): Absences {
  const left = new Map(absences);
  for (const key of keys) if (left.get(key)?.record.type === 'stub') left.delete(key);
  return left;
}
