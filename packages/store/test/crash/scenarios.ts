import type { CommitId } from '@daggerml/object-model';
import { runGc } from '../../src/gc/run.ts';
import { asRefName, type RefName } from '../../src/refs/ref-name.ts';
import type { Store } from '../../src/store.ts';
import type { WriteTransaction } from '../../src/write-transaction.ts';
import { putCommit, putLiteral, putNumberedDag, putText } from '../records.ts';
import { SHARED_REF, type WorkerLine, type WorkerOrder, workerRef } from './protocol.ts';
import { UPKEEP_SCENARIOS } from './upkeep-scenarios.ts';

/** Surroundings of a scenario. */
export interface ScenarioHost {
  readonly store: Store;
  readonly order: WorkerOrder;
  /** Prints that a commit is on a ref for good. */
  ack(ref: string, commitId: string): void;
  /** Notes the commit a transaction is about to put on a ref. */
  attempt(commitId: string): void;
  say(line: WorkerLine): void;
}

/** One step of work; steps are numbered from 0. */
export type Scenario = (host: ScenarioHost, step: number) => Promise<void>;

/** Puts a commit with a dag of a few literals, none of which another step of any worker has. */
function putWork(
  transaction: WriteTransaction,
  order: WorkerOrder,
  step: number,
  parents: CommitId[],
): CommitId {
  const label = `${order.run}/${order.worker}/${step}`;
  const nodeIds = Array.from({ length: 4 + (step % 5) }, (_, index) => {
    const text = `${label}/${index}`.padEnd(index === 3 ? 6000 : 40, '.');
    return putLiteral(transaction, putText(transaction, text));
  });
  const work = putNumberedDag(transaction, nodeIds);
  return putCommit(transaction, { dags: { work }, parents, message: label, timeMs: step });
}

/** Puts work on a ref in one transaction. */
function commitTo(host: ScenarioHost, ref: RefName, step: number): void {
  const commitId = host.store.transact('commit', (transaction) => {
    const expected = transaction.getRef(ref)?.commitId ?? null;
    const commitId = putWork(transaction, host.order, step, expected === null ? [] : [expected]);
    host.attempt(commitId);
    transaction.updateRef({
      ref,
      expected,
      next: commitId,
      actor: `${host.order.worker}`,
      reason: 'crash test',
    });
    return commitId;
  });
  host.ack(ref, commitId);
}

/** Puts work first and moves the shared ref afterwards, as a pipeline that computes in between does. */
function commitInTwoSteps(host: ScenarioHost, step: number): void {
  const ref = asRefName(SHARED_REF);
  for (let retry = 0; retry < 20; retry += 1) {
    const expected = host.store.getRef(ref)?.commitId ?? null;
    const next = host.store.transact('stage', (transaction) => {
      if (expected !== null) transaction.retain('commit', expected);
      return putWork(transaction, host.order, step * 100 + retry, expected === null ? [] : [expected]);
    });
    const actor = `${host.order.worker}`;
    const moved = host.store.updateRef({ ref, expected, next, actor, reason: 'crash test' });
    if (!moved.applied) continue;
    host.ack(ref, next);
    return;
  }
}

async function commitScenario(host: ScenarioHost, step: number): Promise<void> {
  if (step % 3 === 2) commitInTwoSteps(host, step);
  else commitTo(host, asRefName(workerRef(host.order.worker)), step);
  if (step % 8 === 7) host.store.checkpoint();
}

/** Puts chunks side by side, as a blob does, before it commits. */
async function bulkScenario(host: ScenarioHost, step: number): Promise<void> {
  host.store.transact('chunks', (transaction) => {
    for (let index = 0; index < 8; index += 1)
      transaction.put('chunk', Buffer.alloc(65_536, `${host.order.run} ${step} ${index} `));
  });
  return commitScenario(host, step);
}

async function gcScenario(host: ScenarioHost, step: number): Promise<void> {
  if (host.order.worker !== 0) return commitScenario(host, step);
  host.store.transact('garbage', (transaction) => {
    for (let index = 0; index < 50; index += 1)
      putText(transaction, `garbage ${host.order.run} ${step} ${index}`);
  });
  commitTo(host, asRefName(workerRef(0)), step);
  host.store.checkpoint();
  await runGc(host.store, { stepObjects: 40, sliceObjects: 20 });
}

/** Scenarios of crash workers. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  bulk: bulkScenario,
  commit: commitScenario,
  gc: gcScenario,
  ...UPKEEP_SCENARIOS,
};
