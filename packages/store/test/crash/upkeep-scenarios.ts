import {
  type CommitId,
  type CommitRecord,
  type DatumId,
  type ExecutionKey,
  encodeRecord,
  hashBytes,
  type NodeId,
  type ObjectClass,
} from '@daggerml/object-model';
import { backupStore } from '../../src/backup/backup.ts';
import { compactStore } from '../../src/compact/compact.ts';
import { applyExcision, planExcision } from '../../src/excision/excise.ts';
import { runGc } from '../../src/gc/run.ts';
import { asRefName, indexRef } from '../../src/refs/ref-name.ts';
import { encodeHeader, encodeSection, encodeVarint } from '../../src/transfer/car-frame.ts';
import { importCar } from '../../src/transfer/import.ts';
import type { WriteTransaction } from '../../src/write-transaction.ts';
import { backupPath, workerRef } from './protocol.ts';
import type { Scenario, ScenarioHost } from './scenarios.ts';

interface Encoded {
  readonly class: ObjectClass;
  readonly bytes: Uint8Array;
}

/** Returns the objects of a commit no other step makes, the commit first. */
function encodeWork(label: string, parents: readonly CommitId[]): Encoded[] {
  const objects: Encoded[] = [];
  const add = (record: Parameters<typeof encodeRecord>[0]): never => {
    const bytes = encodeRecord(record);
    objects.unshift({ class: record.type as ObjectClass, bytes });
    return hashBytes(bytes) as never;
  };
  const names: [string, never][] = [];
  for (let index = 0; index < 6; index += 1) {
    const datumId = add({ type: 'datum', kind: 'string', value: `${label}/${index}`.padEnd(300, '.') });
    names.push([`n${index}`, add({ type: 'node', kind: 'literal', datumId })]);
  }
  const rootNodeId = names[0]?.[1] as never;
  const treeId = add({ type: 'tree', dags: [['work', add({ type: 'dag', rootNodeId, names })]] });
  const who = { author: 'crash', authoredMs: 0, committer: 'crash', committedMs: 0 };
  const facts = { ...who, message: label, pins: [], requests: [], detailsDatumId: null };
  add({ type: 'commit', treeId, parentCommitIds: parents, ...facts });
  return objects;
}

function labelOf({ order }: ScenarioHost, step: number): string {
  return `${order.scenario}/${order.run}/${order.worker}/${step}`;
}

/** Imports a commit on top of the worker's own, as a stream. */
async function importScenario(host: ScenarioHost, step: number): Promise<void> {
  const { store, order } = host;
  const name = asRefName(workerRef(order.worker));
  const parent = store.getRef(name)?.commitId;
  const objects = encodeWork(labelOf(host, step), parent === undefined ? [] : [parent]);
  const commitId = hashBytes<'commit'>((objects[0] as Encoded).bytes);
  const ref = encodeRecord({ type: 'ref', name, commitId, sequence: 0 });
  // The last object is a datum that nothing in the stream comes without; a stub takes its place.
  const withheld = objects.pop() as Encoded;
  const objectId = hashBytes(withheld.bytes);
  const facts = { objectClass: withheld.class, objectId, domain: 'x:crash', timeMs: step };
  const stub = encodeRecord({ type: 'stub', ...facts });
  const sections = [ref, stub, ...objects.map((object) => object.bytes)].map((bytes) =>
    encodeSection({ codec: 0x71, id: hashBytes(bytes) }, bytes),
  );
  const header = encodeHeader([{ codec: 0x71, id: hashBytes(ref) }]);
  host.attempt(commitId);
  const stream = [Buffer.concat([encodeVarint(header.length), header, ...sections])];
  const accept = { actor: `${order.worker}`, reason: 'crash test', acceptWithheld: true };
  const result = await importCar(store, stream, accept);
  if (result.state === 'applied') host.ack(name, commitId);
  store.checkpoint();
}

function commitWork(host: ScenarioHost, step: number): void {
  const ref = asRefName(workerRef(host.order.worker));
  let next = '' as CommitId;
  host.store.transact('commit', (transaction) => {
    const expected = transaction.getRef(ref)?.commitId ?? null;
    for (const object of encodeWork(labelOf(host, step), expected === null ? [] : [expected])) {
      const id = transaction.put(object.class, object.bytes);
      if (object.class === 'commit') next = id as CommitId;
    }
    host.attempt(next);
    transaction.updateRef({ ref, expected, next, actor: `${host.order.worker}`, reason: 'crash test' });
  });
  host.ack(ref, next);
}

/**
 * Begins an attempt together with its exec-request and ends it together with that, as a call through an adapter does.
 */
async function attemptScenario(host: ScenarioHost, step: number): Promise<void> {
  const { store, order } = host;
  const ref = indexRef(`00000000-0000-4000-8000-00000000000${order.worker}`);
  const executionUuid = store.environment.randomUuid();
  const nodeOf = (transaction: WriteTransaction, index: number): NodeId => {
    const value = `${labelOf(host, step)}/${index}`;
    const datumId = transaction.putRecord({ type: 'datum', kind: 'string', value });
    return transaction.putRecord({ type: 'node', kind: 'literal', datumId });
  };
  const move = (transaction: WriteTransaction, requests: CommitRecord['requests']): void => {
    const expected = transaction.getRef(ref)?.commitId ?? null;
    const who = { author: 'crash', authoredMs: step, committer: 'crash', committedMs: requests.length };
    const next = transaction.putRecord({
      type: 'commit',
      treeId: transaction.putRecord({ type: 'tree', dags: [] }),
      parentCommitIds: expected === null ? [] : [expected],
      pins: [],
      requests,
      ...who,
      message: labelOf(host, step),
      detailsDatumId: null,
    });
    transaction.updateRef({ ref, expected, next, actor: `${order.worker}`, reason: 'crash test' });
  };
  const left = store.readAttempts();
  store.transact('attempt', (transaction) => {
    // What a killed run left is not in the new requests.
    for (const attempt of left) transaction.deleteAttempt(attempt.executionUuid);
    const nodeId = nodeOf(transaction, 0);
    const executionKey = hashBytes(Buffer.from(labelOf(host, step))) as string as ExecutionKey;
    const requestId = transaction.putRecord({
      type: 'exec-request',
      nodeId,
      executionKey,
      executionUuid,
      cache: true,
      retryFailed: false,
      needsDatumId: null,
      snapshotCommitId: null,
      remoteUri: null,
      createdMs: step,
      detailsDatumId: null,
    });
    move(transaction, [[nodeId, requestId]]);
    const progress = {
      state: 'pending',
      token: `${step}`,
      tries: 1,
      submittedMs: step,
      nextPollMs: null,
    } as const;
    transaction.putAttempt({ executionUuid, requestId, nodeId, executionKey, ...progress });
  });
  store.transact('attempt/end', (transaction) => {
    move(transaction, []);
    transaction.deleteAttempt(executionUuid);
  });
}

/** Puts two texts and excises both at once; either both are tombstones afterwards or none is. */
async function exciseScenario(host: ScenarioHost, step: number): Promise<void> {
  const { store } = host;
  commitWork(host, step);
  const objects: { class: 'datum'; objectId: DatumId }[] = [];
  store.transact('secrets', (transaction) => {
    for (const half of ['left', 'right']) {
      const value = `secret ${half} ${labelOf(host, step)}`;
      const objectId = transaction.putRecord({ type: 'datum', kind: 'string', value });
      objects.push({ class: 'datum', objectId });
    }
  });
  const plan = await planExcision(store, { objects });
  applyExcision(store, plan, { reason: 'secret', message: labelOf(host, step), actor: 'crash' });
}

/** Fills the store, makes garbage of some of it, and compacts what is left; the last step of its process. */
async function compactScenario(host: ScenarioHost, step: number): Promise<void> {
  const { store } = host;
  commitWork(host, step);
  store.transact('garbage', (transaction) => {
    for (let index = 0; index < 300; index += 1)
      transaction.putRecord({ type: 'datum', kind: 'string', value: `${labelOf(host, step)} ${index}` });
  });
  store.checkpoint();
  await runGc(store);
  if (step + 1 < host.order.steps) return;
  await store.close();
  await compactStore(store.path, { environment: store.environment });
}

/** Commits, and copies the store to the place of this run: the first time whole, later what is new. */
async function backupScenario(host: ScenarioHost, step: number): Promise<void> {
  commitWork(host, step);
  const path = backupPath(host.order);
  const { sequence } = await backupStore(host.store, path);
  host.say({ kind: 'backup', path, sequence });
  host.store.checkpoint();
}

/** Scenarios that change the store as a whole. */
export const UPKEEP_SCENARIOS: Readonly<Record<string, Scenario>> = {
  attempt: attemptScenario,
  import: importScenario,
  excise: exciseScenario,
  compact: compactScenario,
  backup: backupScenario,
};
