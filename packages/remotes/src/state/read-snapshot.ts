import { type DmlError, isDmlError } from '@daggerml/object-model';
import { remoteError } from '../errors.ts';
import type { ByteRange, RemoteFiles } from '../files/remote-files.ts';
import { type Current, decodeCurrent } from '../format/current.ts';
import { CURRENT_PATH, filePath, isLayoutPath, parseFilePath } from '../format/file-path.ts';
import { decodeState, MAX_STATE_BYTES, type RemoteState } from '../format/state.ts';

/** The state of a remote that was in effect, and the version of CURRENT that named it. */
export interface RemoteSnapshot {
  /** Version of CURRENT; null while there is no CURRENT. */
  readonly version: string | null;
  /** Name of the state; null while there is none. */
  readonly name: string | null;
  readonly state: RemoteState;
}

/** Reads a state and one byte more than there may be. */
const WHOLE_STATE: ByteRange = { offset: 0, length: MAX_STATE_BYTES + 1 };

/** State of a remote that nobody has written to. */
export const EMPTY_STATE: RemoteState = {
  absences: null,
  actor: '-',
  caches: [],
  epoch: 0,
  groups: [],
  previous: null,
  reason: '-',
  refs: {},
  sequence: -1,
  timeMs: 0,
  write: '00000000-0000-0000-0000-000000000000',
};

/**
 * Returns the state in effect; `unchanged` where CURRENT still has the version that is known. Costs one request where
 * nothing has changed and two otherwise. Throws `remote_damaged`, `remote_format_newer` and `remote_foreign`.
 */
export function readSnapshot(files: RemoteFiles): Promise<RemoteSnapshot>;
export function readSnapshot(files: RemoteFiles, knownVersion: string): Promise<RemoteSnapshot | 'unchanged'>;
export async function readSnapshot(
  files: RemoteFiles,
  knownVersion?: string,
): Promise<RemoteSnapshot | 'unchanged'> {
  let missing: Current | undefined;
  let trace: Trace | undefined;
  for (;;) {
    // One file says what is in effect, to readers and to writers. @spec DML-REM-0721
    const found = await files.readVersion(CURRENT_PATH, knownVersion);
    if (found === 'unchanged') return 'unchanged';
    if (found === undefined) {
      // What was listed came after a CURRENT, which nobody deletes, so that it is there now or lost.
      if (trace !== undefined) throw lostCurrent(files.name, trace);
      trace = await findTrace(files);
      if (trace === undefined) return { version: null, name: null, state: EMPTY_STATE };
      continue;
    }
    const current = decodeCurrent(found.bytes, files.name);
    const path = filePath('states', current.state);
    // Whoever removed it has replaced CURRENT before. @spec DML-REM-0419
    if (missing?.state === current.state)
      throw remoteError('remote_damaged', { remote: files.name, path, detail: 'missing' });
    const bytes = await files.read(path, WHOLE_STATE);
    if (bytes === undefined) {
      missing = current;
      continue;
    }
    const state = decodeState(bytes, current.state, files.name);
    if (state.sequence !== current.sequence || state.write !== current.write)
      throw remoteError('remote_damaged', { remote: files.name, path: CURRENT_PATH, detail: 'state' });
    return { version: found.version, name: current.state, state };
  }
}

/** The state in effect, beside one that was in effect before. */
export interface ReadSince {
  readonly snapshot: RemoteSnapshot;
  readonly isRecalled: boolean;
  /** True where the state that is recalled is not before it: an older copy of the remote has taken its place. */
  readonly isBack: boolean;
}

/**
 * Returns the state in effect, with one request where it is the one that is recalled. Throws as `readSnapshot` does, and
 * `remote_missing` with `vanished` where nobody has written to the place of a remote that is recalled; `remoteName` is its
 * name in this repository.
 */
export async function readSince(
  files: RemoteFiles,
  recalled: RemoteSnapshot | undefined,
  remoteName?: string,
): Promise<ReadSince> {
  if (!recalled?.version) return { snapshot: await readSnapshot(files), isRecalled: false, isBack: false };
  const read = await readSnapshot(files, recalled.version).catch((error: unknown) => {
    // No folder, or no bucket, where a remote was.
    if (isDmlError(error) && error.code === 'remote_missing')
      throw vanished(files.name, recalled, { remoteName, cause: error });
    throw error;
  });
  if (read === 'unchanged') return { snapshot: recalled, isRecalled: true, isBack: false };
  // @spec DML-REM-1878
  if (read.version === null) {
    const isThere = (await files.read(filePath('states', recalled.name as string), FIRST_BYTE)) !== undefined;
    throw isThere ? lostCurrent(files.name, recalled.state) : vanished(files.name, recalled, { remoteName });
  }
  return { snapshot: read, isRecalled: false, isBack: !mayFollow(read, recalled) };
}

const FIRST_BYTE: ByteRange = { offset: 0, length: 1 };

function vanished(
  remote: string,
  { state: { sequence, timeMs } }: RemoteSnapshot,
  { remoteName, cause }: { readonly remoteName?: string | undefined; readonly cause?: DmlError },
): Error {
  return remoteError(
    'remote_missing',
    {
      remote,
      detail: 'vanished',
      sequence,
      seen: new Date(timeMs).toISOString(),
      ...(remoteName !== undefined && { name: remoteName }),
      ...(cause?.fields.reason !== undefined && { reason: cause.fields.reason }),
    },
    cause,
  );
}

/** Checks whether a state may follow another one, by what the two say. */
function mayFollow({ name, state }: RemoteSnapshot, before: RemoteSnapshot): boolean {
  // @spec DML-REM-1880
  if (state.sequence <= before.state.sequence) return name === before.name;
  return state.sequence > before.state.sequence + 1 || state.previous === before.name;
}

/** States that are read to find out whether one follows another. */
const MAX_FOLLOWED = 64;

/** Checks whether a state is surely none of those before another one, as far as few of them show. */
export async function isLeftBehind(
  files: RemoteFiles,
  from: RemoteSnapshot,
  before: RemoteSnapshot,
): Promise<boolean> {
  if (from.state.sequence - before.state.sequence > MAX_FOLLOWED) return false;
  for await (const { name, state } of listStates(files, from))
    if (state.sequence <= before.state.sequence) return name !== before.name;
  return false;
}

/** Most files that are looked at for what else lies there. */
const MAX_LOOKED = 1_000;
/** Folder that makes what is around it a repository. */
const REPOSITORY = '.dml/';

/** Proof that a remote without CURRENT had one: the highest sequence of its states, if it has states. */
interface Trace {
  readonly sequence: number | undefined;
}

/** Returns what no first push can have left; throws `remote_foreign` where files lie that are none of a remote. */
async function findTrace(files: RemoteFiles): Promise<Trace | undefined> {
  let foreign: string | undefined;
  let looked = 0;
  let hasTrace = false;
  let sequence: number | undefined;
  for await (const { path } of files.list('')) {
    // @spec DML-REM-1954
    if (path.startsWith(REPOSITORY))
      throw remoteError('remote_foreign', { remote: files.name, path, detail: 'repository' });
    if (!isLayoutPath(path)) foreign ??= path;
    const facts = parseFilePath(path);
    // @spec DML-REM-1873
    hasTrace ||= facts !== undefined && (facts.epoch > 0 || (facts.sequence ?? 0) > 0);
    if (facts?.sequence !== undefined) sequence = Math.max(facts.sequence, sequence ?? 0);
    looked += 1;
    if (foreign !== undefined && looked >= MAX_LOOKED) break;
  }
  // @spec DML-REM-0412
  if (foreign !== undefined && !hasTrace)
    throw remoteError('remote_foreign', { remote: files.name, path: foreign });
  return hasTrace ? { sequence } : undefined;
}

/** Returns the error that a remote has lost its CURRENT. */
function lostCurrent(remote: string, { sequence }: Trace): Error {
  return remoteError('remote_damaged', {
    remote,
    path: CURRENT_PATH,
    detail: 'lost',
    ...(sequence !== undefined && { sequence }),
  });
}

/** Returns an earlier state by its name; undefined where a collection has removed it. @spec DML-REM-0421 */
export async function readState(files: RemoteFiles, name: string): Promise<RemoteState | undefined> {
  const bytes = await files.read(filePath('states', name), WHOLE_STATE);
  return bytes && decodeState(bytes, name, files.name);
}

/** Iterates the journal of a remote from a state back to the oldest that is kept. */
export async function* listStates(
  files: RemoteFiles,
  from: Pick<RemoteSnapshot, 'name' | 'state'>,
): AsyncGenerator<{ readonly name: string; readonly state: RemoteState }, void, undefined> {
  let { name, state } = from;
  while (name !== null) {
    yield { name, state };
    name = state.previous;
    const previous = name === null ? undefined : await readState(files, name);
    if (previous === undefined) return;
    state = previous;
  }
}
