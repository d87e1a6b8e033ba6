import { type CommitId, encodeRecord, hashBytes, type ObjectClass } from '@daggerml/object-model';
import { backupStore } from '../../src/backup/backup.ts';
import { compactStore } from '../../src/compact/compact.ts';
import { applyExcision, planExcision } from '../../src/excision/excise.ts';
import { runGc } from '../../src/gc/run.ts';
import { asRefName } from '../../src/refs/ref-name.ts';
import { encodeHeader, encodeSection, encodeVarint } from '../../src/transfer/car-frame.ts';
import { importCar } from '../../src/transfer/import.ts';
import { type ObjectSink, putCommit, putLiteral, putNumberedDag, putText } from '../records.ts';
import { backupPath, workerRef } from './protocol.ts';
import type { Scenario, ScenarioHost } from './scenarios.ts';

interface Encoded {
  readonly class: ObjectClass;
  readonly bytes: Uint8Array;
}

/** Returns the objects of a commit no other step makes, the commit first. */
function encodeWork(label: string, parents: readonly CommitId[]): Encoded[] {
  const objects: Encoded[] = [];
  const sink: ObjectSink = {
    put: (objectClass, bytes) => void objects.unshift({ class: objectClass, bytes }),
  };
  const nodeIds = Array.from({ length: 6 }, (_, index) =>
    putLiteral(sink, putText(sink, `${label}/${index}`.padEnd(300, '.'))),
  );
  putCommit(sink, { dags: { work: putNumberedDag(sink, nodeIds) }, parents, message: label });
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
  const commitId = host.store.transact('commit', (transaction) => {
    const expected = transaction.getRef(ref)?.commitId ?? null;
    const objects = encodeWork(labelOf(host, step), expected === null ? [] : [expected]);
    const [next] = objects.map((object) => transaction.put(object.class, object.bytes)) as [CommitId];
    host.attempt(next);
    transaction.updateRef({ ref, expected, next, actor: `${host.order.worker}`, reason: 'crash test' });
    return next;
  });
  host.ack(ref, commitId);
}

/** Puts two texts and excises both at once; either both are tombstones afterwards or none is. */
async function exciseScenario(host: ScenarioHost, step: number): Promise<void> {
  const { store } = host;
  commitWork(host, step);
  const objects = store.transact('secrets', (transaction) =>
    ['left', 'right'].map((half) => {
      const objectId = putText(transaction, `secret ${half} ${labelOf(host, step)}`);
      return { class: 'datum', objectId } as const;
    }),
  );
  const plan = await planExcision(store, { objects });
  applyExcision(store, plan, { reason: 'secret', message: labelOf(host, step), actor: 'crash' });
}

/** Fills the store, makes garbage of some of it, and compacts what is left; the last step of its process. */
async function compactScenario(host: ScenarioHost, step: number): Promise<void> {
  const { store } = host;
  commitWork(host, step);
  store.transact('garbage', (transaction) => {
    for (let index = 0; index < 300; index += 1) putText(transaction, `${labelOf(host, step)} ${index}`);
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
  import: importScenario,
  excise: exciseScenario,
  compact: compactScenario,
  backup: backupScenario,
};
