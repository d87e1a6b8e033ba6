import { type ExecId, type ExecutionKey, idOfBytes } from '@daggerml/object-model';

/** Signature of an exec id, as a cache index has it. */
export interface CacheSignature {
  /** Key id of the signer. */
  readonly signer: string;
  /** The 64 bytes of an Ed25519 signature. */
  readonly bytes: Uint8Array;
}

/** Place of an exec and of what was put with it. */
export interface OutcomePlace {
  /** Name of the segment without folder and suffix. */
  readonly segment: string;
  /** Of the exec's record, without prefix and CID of its section. */
  readonly offset: number;
  readonly length: number;
  /** Bytes before the exec's section that belong to the same outcome. */
  readonly before: number;
}

/** An entry of the shared cache. */
export interface CacheRow {
  readonly executionKey: ExecutionKey;
  readonly execId: ExecId;
  readonly status: 'ok' | 'error';
  /** Number of the claim, or what stands for one. */
  readonly fencing: number;
  /** A hint: a collection may have moved the exec. */
  readonly place: OutcomePlace;
  readonly signature?: CacheSignature | undefined;
}

export const KEY_BYTES = 32;
/** Bytes of a row without its prefix and signature. */
export const CACHE_ROW_BYTES = 85;
/** Place of the number of its segment in a row. */
export const SEGMENT_AT = 69;
/** Place of the offset of its exec in a row. */
export const OFFSET_AT = 73;
/** Bytes of signer and signature. */
export const SIGNATURE_ROW_BYTES = 68;
/** Largest number of a claim that a row can hold. */
export const MAX_FENCING: number = 2 ** 32 - 1;

/** Names that the numbers of a packed row stand for. */
export interface RowNames {
  readonly segments: readonly string[];
  readonly signers: readonly string[];
}

/** Writes a row, and its signature part where there is room for one. */
export function writeRow(
  row: CacheRow,
  { segment, signer }: { readonly segment: number; readonly signer: number },
  target: Buffer,
  at: number,
): void {
  const { place, signature } = row;
  target.write(row.executionKey, at, KEY_BYTES, 'hex');
  target.write(row.execId, at + 32, KEY_BYTES, 'hex');
  target[at + 64] = row.status === 'ok' ? 1 : 0;
  target.writeUInt32BE(Math.min(row.fencing, MAX_FENCING), at + 65);
  target.writeUInt32BE(segment, at + SEGMENT_AT);
  target.writeUInt32BE(place.offset, at + OFFSET_AT);
  target.writeUInt32BE(place.length, at + 77);
  target.writeUInt32BE(place.before, at + 81);
  target.writeUInt32BE(signer, at + CACHE_ROW_BYTES);
  target.fill(0, at + CACHE_ROW_BYTES + 4, at + CACHE_ROW_BYTES + SIGNATURE_ROW_BYTES);
  if (signature) target.set(signature.bytes, at + CACHE_ROW_BYTES + 4);
}

/** A packed row and where its signature part is; undefined where there is none. */
export interface PackedRow {
  readonly bytes: Buffer;
  readonly at: number;
  readonly signatureBytes?: Buffer | undefined;
  readonly signatureAt?: number | undefined;
}

/** Returns a packed row; undefined where it is none. */
export function readRow(
  { bytes, at, signatureBytes, signatureAt = 0 }: PackedRow,
  { segments, signers }: RowNames,
): CacheRow | undefined {
  const status = bytes[at + 64];
  const segment = segments[bytes.readUInt32BE(at + SEGMENT_AT)];
  const signerNumber = signatureBytes?.readUInt32BE(signatureAt) ?? 0;
  if (segment === undefined || status === undefined || status > 1 || signerNumber > signers.length)
    return undefined;
  const signer = signers[signerNumber - 1];
  return {
    executionKey: idOfBytes(bytes, at) as string as ExecutionKey,
    execId: idOfBytes<'exec'>(bytes, at + 32),
    status: status === 1 ? 'ok' : 'error',
    fencing: bytes.readUInt32BE(at + 65),
    place: {
      segment,
      offset: bytes.readUInt32BE(at + OFFSET_AT),
      length: bytes.readUInt32BE(at + 77),
      before: bytes.readUInt32BE(at + 81),
    },
    ...(signer !== undefined && {
      signature: {
        signer,
        bytes: Uint8Array.from(
          (signatureBytes as Buffer).subarray(signatureAt + 4, signatureAt + SIGNATURE_ROW_BYTES),
        ),
      },
    }),
  };
}

/**
 * Checks whether an entry goes before another one of its key that is in an older cache index.
 *
 * @spec DML-REM-1212
 */
export function outranks(
  newer: Pick<CacheRow, 'status' | 'fencing'>,
  older: Pick<CacheRow, 'status' | 'fencing'>,
): boolean {
  if (newer.status !== older.status) return newer.status === 'ok';
  return newer.fencing >= older.fencing;
}
