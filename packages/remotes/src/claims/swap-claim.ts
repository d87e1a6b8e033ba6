import { type ExecutionKey, isDmlError } from '@daggerml/object-model';
import { remoteError } from '../errors.ts';
import type { FileVersion } from '../files/remote-files.ts';
import { claimPath, decodeClaim, encodeClaim, type RemoteClaim } from '../format/claim.ts';
import type { Remote } from '../remote.ts';

/** A claim as the remote has it. */
export interface VersionedClaim {
  readonly claim: RemoteClaim;
  readonly version: string;
}

/** Result of a write of a claim; where it was refused, with what is there instead. */
export type ClaimSwap =
  | { readonly outcome: 'applied'; readonly version: string }
  | { readonly outcome: 'refused'; readonly found: VersionedClaim };

/** Pause before a question is asked again, and its growth. */
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;

/** Returns a claim as the remote has it; `unchanged` where it has a version that is known. */
export async function readClaim(
  { files }: Remote,
  key: ExecutionKey,
  knownVersion?: string,
): Promise<VersionedClaim | 'unchanged' | undefined> {
  const found = await files.readVersion(claimPath(key), knownVersion);
  if (found === 'unchanged' || found === undefined) return found;
  return versioned(found, key, files.name);
}

function versioned({ bytes, version }: FileVersion, key: ExecutionKey, remote: string): VersionedClaim {
  return { claim: decodeClaim(bytes, key, remote), version };
}

/**
 * Writes a claim in the place of the version `expected`, or creates it for null, and settles what became of it: an
 * answer that got lost, or a refusal that was of this very write, is cleared up by reading back. Throws
 * `remote_unreachable` where nobody can say whether it took effect.
 *
 * @spec DML-REM-1116
 */
export async function swapClaim(
  remote: Remote,
  key: ExecutionKey,
  { expected, claim }: { readonly expected: string | null; readonly claim: RemoteClaim },
): Promise<ClaimSwap> {
  const { files, clock } = remote;
  const bytes = encodeClaim(claim);
  const endMs = clock.now() + remote.limitMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    const answer = await files.swap(claimPath(key), expected, bytes);
    if (answer.outcome === 'applied') return answer;
    const found = await readBack(remote, key, endMs);
    if (found !== undefined && found.version !== expected)
      return found.claim.write === claim.write
        ? { outcome: 'applied', version: found.version }
        : { outcome: 'refused', found };
    // What was expected is there: the request may be under way still, and can take effect once.
    if (clock.now() >= endMs)
      throw remoteError(
        'remote_unreachable',
        { remote: files.name, operation: 'claim', reason: 'it did not say what became of a claim' },
        'cause' in answer ? answer.cause : undefined,
      );
    await clock.sleep(pauseMs);
  }
}

async function readBack(
  remote: Remote,
  key: ExecutionKey,
  endMs: number,
): Promise<VersionedClaim | undefined> {
  const { clock } = remote;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    try {
      return (await readClaim(remote, key)) as VersionedClaim | undefined;
    } catch (error) {
      const isAskedAgain = isDmlError(error) && error.code === 'remote_unreachable' && clock.now() < endMs;
      if (!isAskedAgain) throw error;
    }
    await clock.sleep(pauseMs);
  }
}
