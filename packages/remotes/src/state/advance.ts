import { remoteError } from '../errors.ts';
import { filePath } from '../format/file-path.ts';
import { encodeState, type RemoteState } from '../format/state.ts';
import type { Remote } from '../remote.ts';
import { nextSequence } from './next-numbers.ts';
import { onState } from './on-state.ts';
import { type RemoteSnapshot, readSince, readSnapshot } from './read-snapshot.ts';
import { swapCurrent } from './swap-current.ts';

/** Parts of a state that a writer decides. */
export type StateChange = Partial<
  Pick<RemoteState, 'absences' | 'caches' | 'epoch' | 'groups' | 'published' | 'refs' | 'trees'>
> &
  Pick<RemoteState, 'reason'>;

/** Result of an attempt to change a remote. */
export interface Advanced {
  /** False where there was nothing to change. */
  readonly isChanged: boolean;
  /** The state in effect; the version is undefined where others have replaced it by now. */
  readonly snapshot: Omit<RemoteSnapshot, 'version'> & { readonly version: string | null | undefined };
}

export interface AdvanceOptions {
  /** State that is known; the one in effect is read by default. */
  readonly first?: RemoteSnapshot | undefined;
  /** Time for which it may lose to others; the limit of the remote by default. */
  readonly busyMs?: number | undefined;
}

/** Result of a proposal that came so late that others have probably replaced the state: it is asked for again. */
export const LATE: unique symbol = Symbol('late');

/** Shortest time that the writes of a try are taken to last, and longest pause of a writer that lost. */
const MIN_TRY_MS = 10;
const MAX_PAUSE_MS = 30_000;
/** Losses after which pauses grow no more. */
const MAX_DOUBLINGS = 6;

/**
 * Changes a remote: asks for the change of the state in effect, puts the new state, and replaces CURRENT. Whoever loses
 * that to another writer is asked again, for a change of the state that is in effect then.
 *
 * `propose` has put every file that its change names; it returns undefined where nothing is to be changed. Throws
 * `push_unknown` where nobody can say whether the change took effect, and `remote_busy` where it lost for too long.
 */
export async function advance(
  remote: Remote,
  propose: (base: RemoteSnapshot) => Promise<StateChange | typeof LATE | undefined>,
  { first, busyMs = remote.limitMs }: AdvanceOptions = {},
): Promise<Advanced> {
  const { files, clock } = remote;
  const beganMs = clock.now();
  let base = first ?? (await readSnapshot(files));
  for (let losses = 0; ; ) {
    const proposed = await onState(files, base, propose);
    const change = proposed.result;
    base = proposed.base;
    if (change === LATE) {
      base = (await readSince(files, base)).snapshot;
      continue;
    }
    if (change === undefined) return { isChanged: false, snapshot: base };
    const writtenMs = clock.now();
    // @spec DML-REM-0701
    const write = remote.randomUuid();
    const state: RemoteState = {
      ...base.state,
      ...change,
      actor: remote.actor,
      previous: base.name,
      sequence: nextSequence(files.name, base.state),
      timeMs: Math.max(0, Math.trunc(clock.now())),
      write,
    };
    const { name, bytes } = encodeState(state);
    // @spec DML-REM-0810
    await files.put(filePath('states', name), bytes);
    // @spec DML-REM-0707
    // @spec DML-REM-0720
    // @spec DML-REM-0806
    const { sequence } = state;
    const swapped = await swapCurrent(remote, { expected: base.version, sequence, state: name, write });
    if (swapped.outcome === 'applied')
      return { isChanged: true, snapshot: { version: swapped.version, name, state } };
    if (swapped.outcome === 'unknown')
      throw remoteError('push_unknown', { remote: files.name }, swapped.cause);
    // @spec DML-REM-0820
    const nowMs = clock.now();
    const leftMs = beganMs + busyMs - nowMs;
    if (leftMs <= 0)
      throw remoteError('remote_busy', { remote: files.name, seconds: Math.round(busyMs / 1000) });
    losses += 1;
    await clock.sleep(Math.min(leftMs, pauseMs(losses, nowMs - writtenMs) * randomPart(remote)));
    base = await readSnapshot(files);
  }
}

/**
 * Returns the longest pause after so many losses, of which the last one came with writes that took `tookMs`. As many
 * writers as there are must find room in it. @spec DML-REM-1133
 */
function pauseMs(losses: number, tookMs: number): number {
  return Math.min(MAX_PAUSE_MS, 2 * Math.max(MIN_TRY_MS, tookMs) * 2 ** Math.min(losses, MAX_DOUBLINGS));
}

function randomPart(remote: Remote): number {
  const [high = 0, low = 0] = remote.randomBytes(2);
  return (high * 256 + low) / 65_535;
}
