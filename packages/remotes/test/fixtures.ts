import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ChunkId,
  type CommitId,
  type DatumId,
  encodeRecord,
  hashBytes,
  OBJECT_CLASS_NUMBERS,
  type ObjectClass,
  type ObjectId,
  type PageId,
  writeBlob,
} from '@daggerml/object-model';
import { applyExcision, headRef, openStore, planExcision, type RefName, type Store } from '@daggerml/store';
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
    });
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

/** Returns bytes that do not repeat, others for each size. */
export function noise(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at + 4 <= sizeBytes; at += 4)
    bytes.writeUInt32LE(Math.imul(at + 1 + sizeBytes * 31, 2654435761) >>> 0, at);
  return bytes;
}

/** Returns the id of a text. */
export function idOfText(value: string): DatumId {
  return hashBytes<'datum'>(encodeRecord({ type: 'datum', kind: 'string', value }));
}

/** Excises a text and returns its id. */
export async function excise(store: Store, value: string): Promise<DatumId> {
  const objectId = idOfText(value);
  const plan = await planExcision(store, { objects: [{ class: 'datum', objectId }] });
  applyExcision(store, plan, { reason: 'personal-data', message: 'asked to forget', actor: 'ada' });
  return objectId;
}

/** Removes an object as a fault would. */
export function loseObject(store: Store, objectClass: ObjectClass, objectId: ObjectId): void {
  const key = Buffer.from([OBJECT_CLASS_NUMBERS[objectClass], ...Buffer.from(objectId, 'hex')]);
  store.transact('fault', (transaction) => void transaction.deleteRow('objects', key));
}

/** Takes a text out of a store that notes that somebody withholds it, and returns its id. */
export function withhold(store: Store, value: string): DatumId {
  const objectId = idOfText(value);
  loseObject(store, 'datum', objectId);
  store.transact('withhold', (transaction) =>
    transaction.putStub({ class: 'datum', objectId, domain: 'did:key:z6Mk', timeMs: 1 }),
  );
  return objectId;
}
