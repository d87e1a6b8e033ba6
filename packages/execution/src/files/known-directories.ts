import type { DatumId } from '@daggerml/object-model';
import type { EntryRun } from './taken-entries.ts';

/** Directories that are remembered of one folder; with another filter it is another directory. */
const MAX_DIRECTORIES = 4;
/** Changes with the form of what stands in a listing, so that another form is never read. */
const FORM = 1;
const DIGEST_BYTES = 32;

/** A directory that was made of a folder, by the digests of the runs of its entries. */
export interface KnownDirectory {
  readonly datumId: DatumId;
  readonly digests: readonly string[];
}

/** Reads the directories of a listing; undefined when it was written in another form. */
export function decodeDirectories(
  datumIds: readonly DatumId[],
  head: Uint8Array,
): KnownDirectory[] | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  if (bytes.readUInt32LE(0) !== FORM) return undefined;
  let at = 4;
  return datumIds.map((datumId) => {
    const end = at + 4 + bytes.readUInt32LE(at) * DIGEST_BYTES;
    const digests: string[] = [];
    for (at += 4; at < end; at += DIGEST_BYTES) digests.push(bytes.toString('hex', at, at + DIGEST_BYTES));
    return { datumId, digests };
  });
}

export function encodeDirectories(directories: readonly KnownDirectory[]): Uint8Array {
  const pieces: Buffer[] = [uint32(FORM)];
  for (const { digests } of directories)
    pieces.push(uint32(digests.length), Buffer.from(digests.join(''), 'hex'));
  return Buffer.concat(pieces);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Returns the directories to remember when one was made or met again: that one first. */
export function withDirectory(
  before: readonly KnownDirectory[],
  made: KnownDirectory,
): readonly KnownDirectory[] {
  if (before[0]?.datumId === made.datumId) return before;
  return [made, ...before.filter(({ datumId }) => datumId !== made.datumId)].slice(0, MAX_DIRECTORIES);
}

/** Entries that replace those of a known directory between two that both have. */
export interface ChangedRange {
  /** Numbers of the first entry and of the first behind it. */
  readonly from: number;
  readonly to: number;
}

/** Differences of entries from a known directory; none when they are the same. */
export interface Difference {
  readonly known: KnownDirectory;
  readonly ranges: readonly ChangedRange[];
}

/**
 * Compares runs of entries with what is known and returns how they differ from the known directory that is most like
 * them; undefined when none has as much as half of their runs.
 */
export function nearestDirectory(
  directories: readonly KnownDirectory[],
  runs: readonly EntryRun[],
): Difference | undefined {
  let nearest: (Difference & { readonly shared: number }) | undefined;
  for (const known of directories) {
    const { ranges, shared } = compareRuns(known.digests, runs);
    if (shared * 2 >= runs.length && shared >= (nearest?.shared ?? 0)) {
      const isNearer =
        nearest === undefined || shared > nearest.shared || ranges.length < nearest.ranges.length;
      if (isNearer) nearest = { known, ranges, shared };
    }
  }
  return nearest;
}

function compareRuns(
  digests: readonly string[],
  runs: readonly EntryRun[],
): { readonly ranges: readonly ChangedRange[]; readonly shared: number } {
  const places = new Map(digests.map((digest, at) => [digest, at]));
  const ranges: ChangedRange[] = [];
  let shared = 0;
  let next = 0;
  let from = 0;
  let end = 0;
  const close = (isOldLeft: boolean): void => {
    if (isOldLeft || end > from) ranges.push({ from, to: end });
  };
  for (const run of runs) {
    const place = places.get(run.digest) ?? -1;
    if (place >= next) {
      close(place > next);
      shared += 1;
      next = place + 1;
      from = run.end;
    }
    end = run.end;
  }
  close(next < digests.length);
  return { ranges, shared };
}
