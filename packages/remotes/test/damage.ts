import type { RemoteFiles } from '../src/files/remote-files.ts';
import { encodeCurrent } from '../src/format/current.ts';
import { CURRENT_PATH, filePath } from '../src/format/file-path.ts';
import type { GroupKind } from '../src/format/group.ts';
import { encodeState, type RemoteState } from '../src/format/state.ts';
import { readSnapshot } from '../src/state/read-snapshot.ts';
import type { MemoryRemote } from '../src/testing/memory-remote.ts';

/** Paths of the segments and index objects that the state in effect names, of one kind of groups, oldest first. */
export async function namedPaths(
  remote: MemoryRemote,
  kind: GroupKind = 'objects',
): Promise<{ readonly segments: readonly string[]; readonly indexes: readonly string[] }> {
  const { state } = await readSnapshot(remote.open());
  const groups = state.groups.filter((group) => group.kind === kind);
  return {
    segments: groups.flatMap(({ segments }) => segments.map(({ file }) => filePath('segments', file))),
    indexes: groups.map(({ index }) => filePath('indexes', index)),
  };
}

/** Loses a file. */
export function lose(remote: MemoryRemote, path: string | undefined): void {
  if (path === undefined) throw new Error('no such file');
  remote.plant(path, undefined);
}

/** Flips a byte of a file, counted from its end where negative. */
export async function flip(remote: MemoryRemote, path: string | undefined, at: number): Promise<void> {
  if (path === undefined) throw new Error('no such file');
  const bytes = Buffer.from((await (remote.open() as RemoteFiles).read(path)) as Uint8Array);
  const offset = at < 0 ? bytes.length + at : at;
  bytes[offset] = (bytes[offset] as number) ^ 1;
  remote.plant(path, bytes);
}

/** Cuts a file to a part of its length. */
export async function cut(remote: MemoryRemote, path: string | undefined, part = 0.5): Promise<void> {
  if (path === undefined) throw new Error('no such file');
  const bytes = (await remote.open().read(path)) as Uint8Array;
  remote.plant(path, bytes.subarray(0, Math.floor(bytes.length * part)));
}

/** Puts a state in effect that no writer writes. */
export async function plantState(
  remote: MemoryRemote,
  change: (state: RemoteState) => RemoteState,
): Promise<void> {
  const files = remote.open();
  const before = await readSnapshot(files);
  const changed = change({ ...before.state, previous: before.name, sequence: before.state.sequence + 1 });
  const { name, bytes } = encodeState(changed);
  await files.put(filePath('states', name), bytes);
  const { sequence, write } = changed;
  await files.swap(CURRENT_PATH, before.version, encodeCurrent({ sequence, state: name, write }));
}
