import { isDmlError } from '@daggerml/object-model';
import { remoteError } from '../errors.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { CURRENT_PATH, filePath, parseFilePath } from '../format/file-path.ts';
import { encodeState, type RemoteState } from '../format/state.ts';
import type { Remote } from '../remote.ts';
import { nextSequence } from './next-numbers.ts';
import { readSnapshot, readState } from './read-snapshot.ts';
import { swapCurrent } from './swap-current.ts';

export interface RestoreOptions {
  /** Sequence or name of the state; the newest one of which all files are there by default. */
  readonly at?: string | undefined;
  /** Chooses the state and writes nothing. */
  readonly isDryRun?: boolean | undefined;
}

/** A state of the journal, with its name. */
export interface NamedState {
  readonly name: string;
  readonly state: RemoteState;
}

/** Result of a restoration. */
export interface Restored {
  /** The state that was chosen. */
  readonly from: NamedState;
  /** The state that follows it and is in effect now; undefined after a dry run. */
  readonly made: NamedState | undefined;
}

/** Files of a remote that has lost CURRENT. */
interface Remains {
  /** Names of states by their sequences. */
  readonly states: ReadonlyMap<number, readonly string[]>;
  readonly paths: ReadonlySet<string>;
  /** Latest epoch of any file. */
  readonly epoch: number;
}

/**
 * Puts a state of the journal of a remote in effect again that has lost CURRENT, or whose CURRENT is not usable.
 *
 * Throws `remote_refused` with `restore` where CURRENT is in order and with `choice` where it is not known which state was
 * the last one, `remote_missing` where nobody has written to the remote or no such state is whole, `push_unknown`, and what
 * the remote's files throw.
 */
export async function restoreCurrent(remote: Remote, options: RestoreOptions = {}): Promise<Restored> {
  const { files } = remote;
  const expected = await versionOfDamaged(files);
  const remains = await listRemains(files);
  const from = await choose(files, remains, options.at);
  if (options.isDryRun === true) return { from, made: undefined };
  const write = remote.randomUuid();
  const sequence = nextSequence(files.name, from.state);
  const state: RemoteState = {
    ...from.state,
    actor: remote.actor,
    // Whoever pushes into an epoch that was collected begins again. @spec DML-REM-1874
    epoch: Math.max(from.state.epoch, remains.epoch),
    previous: from.name,
    reason: `restore state ${from.state.sequence}`,
    sequence,
    timeMs: Math.max(0, Math.trunc(remote.clock.now())),
    write,
  };
  const { name, bytes } = encodeState(state);
  await files.put(filePath('states', name), bytes);
  const { outcome } = await swapCurrent(remote, { expected, sequence, state: name, write });
  if (outcome === 'unknown') throw remoteError('push_unknown', { remote: files.name });
  if (outcome === 'refused') throw inOrder(files.name, 'somebody else has written it in the meantime');
  return { from, made: { name, state } };
}

/** Returns the version of a CURRENT that cannot be used, null where there is none. */
async function versionOfDamaged(files: RemoteFiles): Promise<string | null> {
  try {
    const { version, state } = await readSnapshot(files);
    // @spec DML-REM-1877
    if (version !== null) throw inOrder(files.name, `its state ${state.sequence} is in effect`);
  } catch (error) {
    if (!isDmlError(error) || error.code !== 'remote_damaged') throw error;
  }
  const found = await files.readVersion(CURRENT_PATH);
  return found === undefined || found === 'unchanged' ? null : found.version;
}

function inOrder(remote: string, reason: string): Error {
  return remoteError('remote_refused', { remote, operation: 'be restored', reason, detail: 'restore' });
}

async function listRemains(files: RemoteFiles): Promise<Remains> {
  const states = new Map<number, string[]>();
  const paths = new Set<string>();
  let epoch = 0;
  for await (const { path } of files.list('')) {
    const facts = parseFilePath(path);
    if (facts === undefined) continue;
    paths.add(path);
    epoch = Math.max(epoch, facts.epoch);
    if (facts.sequence === undefined) continue;
    const name = path.slice('states/'.length, -'.json'.length);
    states.set(facts.sequence, [...(states.get(facts.sequence) ?? []), name]);
  }
  return { states, paths, epoch };
}

/** Returns the state that is to be in effect. */
async function choose(files: RemoteFiles, remains: Remains, at: string | undefined): Promise<NamedState> {
  const { states } = remains;
  if (states.size === 0) throw remoteError('remote_missing', { remote: files.name });
  let followed = new Set<string | null>();
  // @spec DML-REM-1875
  for (const sequence of [...states.keys()].sort((left, right) => right - left)) {
    const found = await readable(files, states.get(sequence) ?? []);
    const whole = found.filter((each) => isWhole(each, remains));
    const named = whole.find(({ name }) => name === at);
    if (named !== undefined) return named;
    if (whole.length > 0 && (at === undefined || at === String(sequence)))
      return onlyOne(files.name, whole, followed);
    followed = new Set(found.map(({ state }) => state.previous));
  }
  throw remoteError('remote_missing', { remote: files.name, state: at ?? '', detail: 'state' });
}

/** Returns the state that was in effect, of those that writers put at the same time. @spec DML-REM-1876 */
function onlyOne(
  remote: string,
  states: readonly NamedState[],
  followed: ReadonlySet<string | null>,
): NamedState {
  const known = states.filter(({ name }) => followed.has(name));
  const [first, ...others] = known.length > 0 ? known : states;
  if (first !== undefined && others.length === 0) return first;
  const texts = states.map(
    ({ name, state }) =>
      `${name} (${state.reason}, by ${state.actor}, ${new Date(state.timeMs).toISOString()})`,
  );
  throw remoteError('remote_refused', {
    remote,
    operation: 'be restored',
    reason: `each of these may have been in effect: ${texts.join('; ')}`,
    detail: 'choice',
  });
}

/** Returns those of the named states that can be read. */
async function readable(files: RemoteFiles, names: readonly string[]): Promise<NamedState[]> {
  const states: NamedState[] = [];
  for (const name of names) {
    try {
      const state = await readState(files, name);
      if (state !== undefined) states.push({ name, state });
    } catch (error) {
      if (!isDmlError(error) || error.code !== 'remote_damaged') throw error;
    }
  }
  return states;
}

/** Checks whether all files that a state names are there. */
function isWhole({ state }: NamedState, { paths }: Remains): boolean {
  const { groups, caches, absences } = state;
  const isThere = (path: string): boolean => paths.has(path);
  return (
    groups.every(
      ({ index, segments }) =>
        isThere(filePath('indexes', index)) &&
        segments.every(({ file }) => isThere(filePath('segments', file))),
    ) &&
    caches.every(({ file }) => isThere(filePath('caches', file))) &&
    (absences === null || isThere(filePath('absences', absences)))
  );
}
