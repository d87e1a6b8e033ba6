import type { CommitId } from '@daggerml/object-model';
import { collectRemote } from '../../src/collect/collect.ts';
import { remoteError } from '../../src/errors.ts';
import type { RemoteFiles } from '../../src/files/remote-files.ts';
import { decodeCurrent, encodeCurrent } from '../../src/format/current.ts';
import { filePath, parseFilePath } from '../../src/format/file-path.ts';
import type { GroupEntry } from '../../src/format/group.ts';
import { planRefs } from '../../src/push/plan-refs.ts';
import type { push } from '../../src/push/push.ts';
import { GroupWriter, sentObject } from '../../src/push/put-groups.ts';
import type { Remote } from '../../src/remote.ts';
import { advance } from '../../src/state/advance.ts';
import { readSnapshot } from '../../src/state/read-snapshot.ts';
import type { Variant } from './history.ts';

/** Files of a remote with some operations replaced. */
function withFiles(remote: Remote, replaced: Partial<RemoteFiles>): Remote {
  return { ...remote, files: { ...remote.files, ...replaced } };
}

/** Deletes what its state does not name in its own epoch as well: files that a push has put and not yet named. */
const collectsOwnEpoch: typeof collectRemote = async (remote, options) => {
  const result = await collectRemote(remote, options);
  const { state } = result.snapshot;
  const named = new Set(
    state.groups.flatMap(({ index, segments }) => [
      filePath('indexes', index),
      ...segments.map(({ file }) => filePath('segments', file)),
    ]),
  );
  for (const prefix of ['segments/', 'indexes/'])
    for await (const { path } of remote.files.list(prefix))
      if (parseFilePath(path)?.epoch === state.epoch && !named.has(path)) await remote.files.remove([path]);
  return result;
};

/** Deletes before the state that does without those files is in effect. */
const deletesFirst: typeof collectRemote = async (remote, options) => {
  const { garbage } = await collectRemote(remote, { ...options, isDryRun: true });
  await remote.files.remove(garbage.map(({ path }) => path));
  return await collectRemote(remote, options);
};

/** Names what it has put also in the state of a later epoch. */
const ignoresEpoch: typeof push = async (remote, options) => {
  const { store, outgoing, pushes, segmentBytes, remoteName } = options;
  const first = await readSnapshot(remote.files);
  const plan = (state: typeof first.state): ReturnType<typeof planRefs> =>
    planRefs(state, pushes, { reader: store, remote: remoteName });
  const tips = plan(first.state).moves.flatMap(({ after }) => (after === null ? [] : [after]));
  const { epoch } = first.state;
  const writer = new GroupWriter(remote, { epoch, kind: 'objects', segmentBytes });
  const known = Object.values<CommitId>(first.state.refs);
  for await (const block of outgoing?.(tips, known) ?? []) {
    const object = sentObject(block);
    if (object !== undefined) await writer.add(object);
  }
  const group: GroupEntry | undefined = await writer.finish();
  let moves: ReturnType<typeof planRefs>['moves'] = [];
  const { snapshot } = await advance(
    remote,
    async ({ state }) => {
      const planned = plan(state);
      moves = planned.moves;
      if (moves.length === 0) return undefined;
      const groups = group === undefined ? state.groups : [...state.groups, group];
      return { reason: 'push', refs: planned.refs, groups };
    },
    { first },
  );
  return { moves, objects: 0, bytes: 0, cost: undefined, snapshot: undefined, refs: snapshot.state.refs };
};

/** A write that did not end well, as a writer tries it. */
interface TriedWrite {
  readonly isRefused: boolean;
  readonly isInEffect: boolean;
}

/** Shows whoever reads back a write that another one took its place, where `isHidden` says so. */
function hidesWrites(isHidden: (write: TriedWrite) => boolean): (remote: Remote) => Remote {
  return (remote) => {
    let tried: { isRefused: boolean; expected: string | null; bytes: Uint8Array } | undefined;
    return withFiles(remote, {
      swap: async (path, expected, bytes) => {
        const answer = await remote.files.swap(path, expected, bytes);
        const isRefused = answer.outcome === 'refused';
        tried = answer.outcome === 'applied' ? undefined : { isRefused, expected, bytes };
        return answer;
      },
      readVersion: async (path, known) => {
        const found = await remote.files.readVersion(path, known);
        const last = tried;
        tried = undefined;
        if (last === undefined || typeof found !== 'object' || found.version === last.expected) return found;
        const own = decodeCurrent(last.bytes, 'simulated');
        const isInEffect = decodeCurrent(found.bytes, 'simulated').write === own.write;
        const write = '00000000-0000-0000-0000-000000000000';
        return isHidden({ isRefused: last.isRefused, isInEffect })
          ? { version: 'another', bytes: encodeCurrent({ ...own, write }) }
          : found;
      },
    });
  };
}

/** Reports a write without an answer as one without an effect. */
function forgetsUnknown(remote: Remote): Remote {
  return withFiles(remote, {
    swap: async (path, expected, bytes) => {
      const answer = await remote.files.swap(path, expected, bytes);
      if (answer.outcome !== 'unknown') return answer;
      throw remoteError('remote_unreachable', {
        remote: 'simulated',
        operation: 'swap',
        reason: 'no answer',
      });
    },
  });
}

/** Defects that the simulation has to find, by what they do. */
export const DEFECTS: Readonly<Record<'exchange' | 'collection', Readonly<Record<string, Variant>>>> = {
  exchange: {
    'a bucket that ignores conditions': { ignoresConditions: true },
    'a writer that trusts a refusal': { remote: hidesWrites(({ isRefused }) => isRefused) },
    'a writer that takes a write which was replaced for one without effect': {
      remote: hidesWrites(({ isInEffect }) => !isInEffect),
    },
    'a writer that takes no answer for no effect': { remote: forgetsUnknown },
  },
  collection: {
    'a collection that deletes files of its own epoch': { collect: collectsOwnEpoch },
    'a collection that deletes before its state is in effect': { collect: deletesFirst },
    'a writer that ignores the epoch': { push: ignoresEpoch },
  },
};
