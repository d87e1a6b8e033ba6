import { type CommitId, sha256Hex } from '@daggerml/object-model';
import { refuseValue } from './errors.ts';
import { checkFields, type FieldForm, isCount, isObjectId, isObjectIdOrNull, isRefName } from './fields.ts';
import { decodeValue, encodeValue, type ValueForm } from './remote-value.ts';

declare const manifestIdClass: unique symbol;

/** Identity of a manifest: the SHA-256 of its bytes, 64 lowercase hex digits. */
export type ManifestId = string & { readonly [manifestIdClass]: 'manifest' };

/** One immutable file of records. */
export interface ManifestSegment {
  /** SHA-256 of the file, 64 lowercase hex digits. */
  readonly segmentId: string;
  readonly sizeBytes: number;
  readonly objectCount: number;
}

/** Content of one ref: the segments of this push, on top of a base manifest. */
export interface Manifest {
  /** Full name, e.g. `refs/heads/main`. */
  readonly ref: string;
  readonly commitId: CommitId;
  /** Commit whose objects the base manifest holds; null together with `baseManifestId`. */
  readonly baseCommitId: CommitId | null;
  readonly baseManifestId: ManifestId | null;
  /** Index object of the segments; null when there are none. */
  readonly indexId: string | null;
  /** In the order of writing. */
  readonly segments: readonly ManifestSegment[];
}

const TYPE = 'manifest';

const MANIFEST: ValueForm = {
  type: TYPE,
  fields: {
    ref: isRefName,
    commitId: isObjectId,
    baseCommitId: isObjectIdOrNull,
    baseManifestId: isObjectIdOrNull,
    indexId: isObjectIdOrNull,
    segments: Array.isArray,
  },
  check: checkManifest,
};

const SEGMENT_FIELDS: Readonly<Record<string, FieldForm>> = {
  segmentId: isObjectId,
  sizeBytes: isCount,
  objectCount: isCount,
};

/**
 * Returns the canonical bytes of a manifest.
 *
 * Throws `remote_value_invalid` when the manifest breaks a rule.
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const { ref, commitId, baseCommitId, baseManifestId, indexId } = manifest;
  const segments = manifest.segments.map(({ segmentId, sizeBytes, objectCount }) => ({
    segmentId,
    sizeBytes,
    objectCount,
  }));
  return encodeValue(MANIFEST, { ref, commitId, baseCommitId, baseManifestId, indexId, segments });
}

/**
 * Returns the manifest of its canonical bytes.
 *
 * Throws `remote_value_invalid` with the broken rule, or `remote_schema_newer`.
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  return decodeValue(MANIFEST, bytes) as unknown as Manifest;
}

/**
 * Returns the id of a manifest from its canonical bytes.
 *
 * @spec DML-REM-0409
 */
export function manifestIdOf(manifestBytes: Uint8Array): ManifestId {
  return sha256Hex(manifestBytes) as ManifestId;
}

function checkManifest(value: Readonly<Record<string, unknown>>): void {
  const segmentIds = new Set<unknown>();
  for (const segment of value.segments as readonly unknown[]) {
    checkFields(TYPE, segment, SEGMENT_FIELDS);
    // @spec DML-REM-0406
    if (segmentIds.has(segment.segmentId)) refuseValue(TYPE, 'segment_repeated');
    segmentIds.add(segment.segmentId);
  }
  // @spec DML-REM-0407
  if ((value.baseCommitId === null) !== (value.baseManifestId === null)) refuseValue(TYPE, 'base');
  // @spec DML-REM-0408
  if ((value.indexId === null) !== (segmentIds.size === 0)) refuseValue(TYPE, 'index');
}
