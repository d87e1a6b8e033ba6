import type { ExecutionKey } from '@daggerml/object-model';
import { claimPath, decodeClaim, encodeClaim, type RemoteClaim } from '../format/claim.ts';
import type { Remote } from '../remote.ts';
import { type FileSwap, readSwapped, type SwappedFile, swapFile } from '../state/swap-file.ts';

/** A claim as the remote has it. */
export interface VersionedClaim {
  readonly claim: RemoteClaim;
  readonly version: string;
}

/** Result of a write of a claim; where it was refused, with what is there instead. */
export type ClaimSwap =
  | { readonly outcome: 'applied'; readonly version: string }
  | { readonly outcome: 'refused'; readonly found: VersionedClaim };

function fileOf(key: ExecutionKey, remote: string): SwappedFile<RemoteClaim> {
  return {
    path: claimPath(key),
    encode: encodeClaim,
    decode: (bytes) => decodeClaim(bytes, key, remote),
    what: 'a claim',
  };
}

/** Returns a claim as the remote has it; `unchanged` where it has a version that is known. */
export async function readClaim(
  remote: Remote,
  key: ExecutionKey,
  knownVersion?: string,
): Promise<VersionedClaim | 'unchanged' | undefined> {
  const found = await readSwapped(remote, fileOf(key, remote.files.name), knownVersion);
  if (found === 'unchanged' || found === undefined) return found;
  return { claim: found.content, version: found.version };
}

/**
 * Writes a claim in the place of the version `expected`, or creates it for null, and settles what became of it. Throws
 * `remote_unreachable` where nobody can say whether it took effect.
 */
export async function swapClaim(
  remote: Remote,
  key: ExecutionKey,
  { expected, claim }: { readonly expected: string | null; readonly claim: RemoteClaim },
): Promise<ClaimSwap> {
  const swap: FileSwap<RemoteClaim> = await swapFile(remote, fileOf(key, remote.files.name), {
    expected,
    content: claim,
  });
  if (swap.outcome === 'applied') return swap;
  return { outcome: 'refused', found: { claim: swap.found.content, version: swap.found.version } };
}
