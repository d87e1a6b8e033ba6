import {
  type CommitId,
  type DatumId,
  encodeRecord,
  hashBytes,
  type ObjectClass,
} from '@daggerml/object-model';
import { backupStore } from '../backup/backup.ts';
import { compactStore } from '../compact/compact.ts';
import { applyExcision, planExcision } from '../excision/excise.ts';
import { runGc } from '../gc/run.ts';
import { asRefName } from '../ref-name.ts';
import { encodeHeader, encodeSection, encodeVarint } from '../transfer/car-frame.ts';
import { importCar } from '../transfer/import.ts';
import { backupPath, workerRef } from './protocol.ts';
import type { Scenario, ScenarioHost } from './scenarios.ts';

interface Encoded {
  readonly class: ObjectClass;
  readonly bytes: Uint8Array;
}

/** Yields the objects of a commit no other step makes, the commit first. */
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
  const sections = [ref, ...objects.map((object) => object.bytes)].map((bytes) =>
    encodeSection({ codec: 0x71, id: hashBytes(bytes) }, bytes),
  );
  const header = encodeHeader([{ codec: 0x71, id: hashBytes(ref) }]);
  host.attempt(commitId);
  const stream = [Buffer.concat([encodeVarint(header.length), header, ...sections])];
  const result = await importCar(store, stream, { actor: `${order.worker}`, reason: 'crash test' });
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

/** What crash workers do to the store as a whole. */
export const UPKEEP_SCENARIOS: Readonly<Record<string, Scenario>> = {
  import: importScenario,
  excise: exciseScenario,
  compact: compactScenario,
  backup: backupScenario,
};
