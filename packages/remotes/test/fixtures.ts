import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChunkId, type CommitId, type PageId, writeBlob } from '@daggerml/object-model';
import { headRef, openStore, type RefName, type Store } from '@daggerml/store';
import { afterTests, SeededRandom } from '@daggerml/testkit';
import type { RemoteFiles } from '../src/files/remote-files.ts';
import type { Remote } from '../src/remote.ts';
import { memoryOfProcess, type StateMemory } from '../src/state/state-memory.ts';

export const MAIN: RefName = headRef('main');

/** Opens a fresh store for the length of the test. */
export async function openFixture(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'dml-remotes-'));
  const store = await openStore(join(folder, 'store'), { mode: 'write', create: true, program: 'test' });
  afterTests('test', async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return store;
}

/** A dag of a commit: its name and the text of its root, or its blob. */
export type DagContents = Readonly<Record<string, string | Uint8Array>>;

/** Puts a commit of dags that are literals, and moves a ref there. */
export function commitTo(
  store: Store,
  dags: DagContents,
  { ref = MAIN, parents }: { ref?: RefName; parents?: readonly CommitId[] } = {},
): CommitId {
  const before = store.getRef(ref)?.commitId;
  return store.transact('commit', (transaction) => {
    const entries = Object.entries(dags).map(([name, content]) => {
      const datumId =
        typeof content === 'string'
          ? transaction.putRecord({ type: 'datum', kind: 'string', value: content })
          : transaction.putRecord(
              writeBlob(content, {
                getPage: (pageId) => transaction.get('page', pageId),
                putPage: (bytes) => transaction.put('page', bytes) as PageId,
                putChunk: (bytes) => transaction.put('chunk', bytes) as ChunkId,
              }),
            );
      const rootNodeId = transaction.putRecord({ type: 'node', kind: 'literal', datumId });
      return [name, transaction.putRecord({ type: 'dag', rootNodeId, names: [] })] as const;
    });
    entries.sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    const treeId = transaction.putRecord({ type: 'tree', dags: entries });
    const timeMs = transaction.environment.nowMs();
    const commitId = transaction.putRecord({
      type: 'commit',
      treeId,
      parentCommitIds: parents ?? (before === undefined ? [] : [before]),
      pins: [],
      requests: [],
      author: 'ada',
      message: Object.keys(dags).join(),
      authoredMs: timeMs,
      committer: 'ada',
      committedMs: timeMs,
      detailsDatumId: null,
    } as never);
    transaction.updateRef({ ref, expected: before ?? null, next: commitId, actor: 'ada', reason: 'test' });
    return commitId;
  });
}

/** Creates a remote over files whose clock moves by its own pauses, and whose random numbers are the same each time. */
export function remoteOver(files: RemoteFiles, seed = 1): Remote {
  const random = new SeededRandom(seed);
  let now = 1_000_000;
  const randomBytes = (count: number): Uint8Array =>
    Uint8Array.from({ length: count }, () => random.below(256));
  return {
    files,
    actor: 'ada',
    limitMs: 60_000,
    clock: {
      now: () => now,
      sleep: async (ms) => {
        now += Math.max(1, ms);
        await new Promise((resolve) => setImmediate(resolve));
      },
    },
    randomBytes,
    randomUuid: () => {
      const hex = Buffer.from(randomBytes(16)).toString('hex');
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    },
  };
}

/** A repository with one remote. */
export interface Place {
  readonly store: Store;
  readonly memory: StateMemory;
}

export async function newPlace(): Promise<Place> {
  return { store: await openFixture(), memory: memoryOfProcess() };
}
