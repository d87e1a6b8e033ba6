import { remoteError } from '../errors.ts';
import type { SwapAnswer } from '../files/remote-files.ts';
import { decodeCurrent, encodeCurrent } from '../format/current.ts';
import { CURRENT_PATH } from '../format/file-path.ts';
import type { Remote } from '../remote.ts';
import { readState } from './read-snapshot.ts';

/** A state that is to take effect in the place of another one. */
export interface SwapOfCurrent {
  /** Version of CURRENT that is replaced; null where there is none yet. */
  readonly expected: string | null;
  readonly sequence: number;
  readonly state: string;
  readonly write: string;
}

/** Outcome of a write of CURRENT; the version is unknown where others have replaced it by now. */
export type SwapOutcome =
  | { readonly outcome: 'applied'; readonly version: string | undefined }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'unknown'; readonly cause: unknown };

/** Pause before a question is asked again, and its growth. */
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;

/**
 * Puts a state in effect by a compare-and-swap of CURRENT and settles what became of it: an answer that got lost, or a
 * refusal that was of this very write, is cleared up by reading back.
 *
 * @spec DML-REM-0702
 */
export async function swapCurrent(remote: Remote, swap: SwapOfCurrent): Promise<SwapOutcome> {
  const { files, clock } = remote;
  const { expected, sequence, state, write } = swap;
  const bytes = encodeCurrent({ sequence, state, write });
  const endMs = clock.now() + remote.limitMs;
  let pauseMs = FIRST_PAUSE_MS;
  let earlier: SwapAnswer | undefined;
  for (;;) {
    const answer = await files.swap(CURRENT_PATH, expected, bytes).catch((error: unknown): SwapAnswer => {
      if (earlier === undefined) throw error;
      // This try had no effect, but an earlier one may have had, or has it still.
      return { outcome: 'unknown', cause: error };
    });
    if (answer.outcome === 'applied') return answer;
    earlier = answer;
    const settled = await settle(remote, swap, { answer, endMs });
    if (settled !== undefined) return settled;
    // The version that was expected is in effect: the request may be under way still, and can take effect once.
    if (clock.now() >= endMs)
      return { outcome: 'unknown', cause: 'cause' in answer ? answer.cause : undefined };
    await clock.sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
  }
}

interface Settling {
  readonly answer: Exclude<SwapAnswer, { outcome: 'applied' }>;
  readonly endMs: number;
}

/** Reads back what became of a write; undefined where the version that it expects is in effect. */
async function settle(
  remote: Remote,
  swap: SwapOfCurrent,
  { answer, endMs }: Settling,
): Promise<SwapOutcome | undefined> {
  const { clock } = remote;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      return await lookBack(remote, swap);
    } catch (error) {
      // Whatever keeps this process from reading back, the write may be in effect. @spec DML-REM-0703
      if (clock.now() >= endMs || (error as { code?: unknown }).code !== 'remote_unreachable')
        return { outcome: 'unknown', cause: answer.outcome === 'unknown' ? answer.cause : error };
    }
    await clock.sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
  }
}

async function lookBack(
  { files }: Remote,
  { expected, sequence, state, write }: SwapOfCurrent,
): Promise<SwapOutcome | undefined> {
  const found = await files.readVersion(CURRENT_PATH);
  if (found === 'unchanged') throw new TypeError('a file without a known version cannot be unchanged');
  if (found === undefined) {
    if (expected === null) return undefined;
    throw remoteError('remote_damaged', { remote: files.name, path: CURRENT_PATH, detail: 'missing' });
  }
  if (found.version === expected) return undefined;
  const current = decodeCurrent(found.bytes, files.name);
  if (current.write === write) return { outcome: 'applied', version: found.version };
  if (current.sequence <= sequence) return { outcome: 'refused' };
  // Others may have replaced this very write before it was read back.
  let name: string | null = current.state;
  for (let at = current.sequence; at > sequence; at -= 1) {
    const above: { readonly previous: string | null } | undefined =
      name === null ? undefined : await readState(files, name);
    if (above === undefined)
      return { outcome: 'unknown', cause: new Error('the journal of the remote does not go back that far') };
    name = above.previous;
  }
  // @spec DML-REM-0706
  return name === state ? { outcome: 'applied', version: undefined } : { outcome: 'refused' };
}
