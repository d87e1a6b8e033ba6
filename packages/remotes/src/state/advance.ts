import { remoteError } from '../errors.ts';
import { filePath } from '../format/file-path.ts';
import { encodeState, type RemoteState } from '../format/state.ts';
import type { Remote } from '../remote.ts';
import { onState } from './on-state.ts';
import { type RemoteSnapshot, readSnapshot } from './read-snapshot.ts';
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

/** Longest pause before a writer that lost tries again. */
const MAX_PAUSE_MS = 1_000;

/**
 * Changes a remote: asks for the change of the state in effect, puts the new state, and replaces CURRENT. Whoever loses
 * that to another writer is asked again, for a change of the state that is in effect then.
 *
 * `propose` has put every file that its change names, and returns undefined where nothing is to be changed. Throws
 * `push_unknown` where nobody can say whether the change took effect, and `remote_busy` where it lost for too long.
 */
export async function advance(
  remote: Remote,
  propose: (base: RemoteSnapshot) => Promise<StateChange | undefined>,
  first?: RemoteSnapshot,
): Promise<Advanced> {
  const { files, clock } = remote;
  const endMs = clock.now() + remote.limitMs;
  let base = first ?? (await readSnapshot(files));
  for (let losses = 0; ; losses += 1) {
    const proposed = await onState(files, base, propose);
    const change = proposed.result;
    base = proposed.base;
    if (change === undefined) return { isChanged: false, snapshot: base };
    // @spec DML-REM-0701
    const write = remote.randomUuid();
    const state: RemoteState = {
      ...base.state,
      ...change,
      actor: remote.actor,
      previous: base.name,
      sequence: base.state.sequence + 1,
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
    if (clock.now() >= endMs)
      throw remoteError('remote_busy', { remote: files.name, seconds: Math.round(remote.limitMs / 1000) });
    const [random = 0] = remote.randomBytes(1);
    await clock.sleep((Math.min(MAX_PAUSE_MS, 20 * 2 ** losses) * random) / 255);
    base = await readSnapshot(files);
  }
}
