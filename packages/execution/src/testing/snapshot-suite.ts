import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { buildTree, type CommitId } from '@daggerml/object-model';
import { putResultDag } from '@daggerml/repository';
import { ownCommitFacts } from '@daggerml/store';
import { lowerValue } from '@daggerml/values';
import type { SnapshotPlace, SnapshotTransport } from '../adapters/snapshot-transport.ts';
import { type ByteSource, commitClosure } from '../objects/closure.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { type UnpackedObject, unpackObjects } from '../worker/packed-objects.ts';
import type { SuiteCase } from './suite-case.ts';

/** The side of a backend. */
export interface SnapshotBackend extends ByteSource {
  /** Returns the commit that an exec ref names; its objects can be read afterwards. */
  fetch(place: SnapshotPlace): Promise<CommitId | undefined>;
  /** Adds objects and moves the exec ref to a commit. */
  push(place: SnapshotPlace, commitId: CommitId, objects: readonly UnpackedObject[]): Promise<void>;
}

/** A snapshot transport as the suite judges it: new and empty for every case. */
export interface SnapshotsUnderTest {
  readonly transport: SnapshotTransport;
  readonly backend: SnapshotBackend;
  readonly objects: RunObjects;
}

/** Makes a commit with one dag whose root is a large value. */
function commitOf(objects: RunObjects, name: string, parentCommitIds: readonly CommitId[]): CommitId {
  const value = Array.from({ length: 2000 }, (_, index) => ({ name, text: `entry ${index}` }));
  const dagId = putResultDag(lowerValue(value, objects, ''), objects);
  const dags = buildTree('dags', [[name, dagId]], objects);
  return objects.put({
    type: 'commit',
    treeId: objects.put({ type: 'tree', dags }),
    parentCommitIds,
    pins: [],
    requests: [],
    ...ownCommitFacts('suite', 0, name),
  });
}

/** Hands over a snapshot and returns its attempt. */
async function handedOver({ transport, objects }: SnapshotsUnderTest): Promise<{
  uuid: string;
  snapshotId: CommitId;
  place: SnapshotPlace;
}> {
  const uuid = randomUUID();
  const snapshotId = commitOf(objects, 'snapshot', []);
  return { uuid, snapshotId, place: await transport.handOver(uuid, snapshotId, objects) };
}

/**
 * The promises of a snapshot transport. Run every case against every implementation.
 *
 * @spec DML-EXE-2370
 */
export const snapshotSuite: readonly SuiteCase<SnapshotsUnderTest>[] = [
  {
    name: 'hands over everything that the snapshot reaches',
    run: async (given) => {
      const { snapshotId, place } = await handedOver(given);
      assert.equal(await given.backend.fetch(place), snapshotId);
      for (const { objectClass, objectId, bytes } of commitClosure(snapshotId, given.objects)) {
        const copy = given.backend.getBytes(objectClass, objectId);
        assert.ok(copy, `${objectId} is missing`);
        assert.deepEqual(new Uint8Array(copy), new Uint8Array(bytes));
      }
    },
  },
  {
    name: 'takes over everything that the result reaches and the snapshot does not',
    run: async (given) => {
      const { uuid, snapshotId, place } = await handedOver(given);
      const resultId = commitOf(given.objects, 'result', [snapshotId]);
      const made = commitClosure(resultId, given.objects, [snapshotId]);
      await given.backend.push(place, resultId, made);
      const packed = await given.transport.takeOver(uuid, resultId);
      assert.ok(packed);
      const received = new Set([...unpackObjects(packed)].map(({ objectId }) => objectId));
      assert.ok(made.every(({ objectId }) => received.has(objectId)));
      assert.ok(!received.has(snapshotId));
    },
  },
  {
    name: 'answers nothing for a result that the exec ref does not name or that lacks an object',
    run: async (given) => {
      const { uuid, snapshotId, place } = await handedOver(given);
      const resultId = commitOf(given.objects, 'result', [snapshotId]);
      assert.equal(await given.transport.takeOver(uuid, resultId), undefined);
      const made = commitClosure(resultId, given.objects, [snapshotId]);
      const incomplete = made.filter(({ objectClass }) => objectClass !== 'page');
      assert.ok(incomplete.length < made.length);
      await given.backend.push(place, resultId, incomplete);
      assert.equal(await given.transport.takeOver(uuid, resultId), undefined);
    },
  },
  {
    name: 'keeps a result when its snapshot is handed over again',
    run: async (given) => {
      const { uuid, snapshotId, place } = await handedOver(given);
      const resultId = commitOf(given.objects, 'result', [snapshotId]);
      await given.backend.push(place, resultId, commitClosure(resultId, given.objects, [snapshotId]));
      assert.deepEqual(await given.transport.handOver(uuid, snapshotId, given.objects), place);
      assert.ok(await given.transport.takeOver(uuid, resultId));
    },
  },
  {
    name: 'deletes the exec ref of an attempt, as often as it is asked to, and no other',
    run: async (given) => {
      const [gone, other] = [await handedOver(given), await handedOver(given)];
      await given.transport.discard(gone.uuid);
      await given.transport.discard(gone.uuid);
      assert.equal(await given.backend.fetch(gone.place), undefined);
      assert.equal(await given.backend.fetch(other.place), other.snapshotId);
    },
  },
];
