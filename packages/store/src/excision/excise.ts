import { type ExecId, hashBytes } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow, readRow } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { executionKeyOf } from '../objects/links.ts';
import { putTombstone } from '../objects/tombstone.ts';
import { idOfKey, objectKey } from '../tables/keyspace.ts';
import { dropListings } from '../tables/listings.ts';
import { readMeta } from '../tables/meta.ts';
import { runSteps } from '../walk/run-steps.ts';
import type { Transactor, WriteTransaction } from '../write-transaction.ts';
import {
  type ExcisionPlan,
  type ExcisionRequest,
  type ObjectName,
  planExcisionSteps,
  refsTo,
} from './plan.ts';

/** The reason of an excision, its message and its author. */
export interface ExcisionFacts {
  /** A short name for the reason, e.g. `personal-data`; 1 to 255 bytes. */
  readonly reason: string;
  readonly message: string;
  readonly actor: string;
}

/** A store as far as excisions change it. */
export interface ExcisionHost extends Transactor {
  readonly engine: Engine;
}

/** Returns what an excision would do; throws `object_missing` for an object that is not in the store. */
export async function planExcision(
  host: Pick<ExcisionHost, 'engine'>,
  request: ExcisionRequest,
): Promise<ExcisionPlan> {
  return runSteps(planExcisionSteps(host.engine, request));
}

/**
 * Replaces every object of a plan by a tombstone, in one transaction.
 *
 * The bytes stay in free pages of the data file until a compaction. Throws `excision_refused` with
 * `plan_outdated` when objects were put or retained since the plan was made, and with `ref_target` when a ref
 * names a commit of the plan.
 */
export function applyExcision(host: ExcisionHost, plan: ExcisionPlan, facts: ExcisionFacts): void {
  host.transact('excise', (transaction) => {
    // @spec DML-STO-0814
    if (Number(readMeta(transaction.engine, 'generation') ?? 0) !== plan.generation)
      throw storeError('excision_refused', { detail: 'plan_outdated' });
    const going = new Set(plan.excise.map((object) => object.objectId));
    const [target] = refsTo(transaction.engine, (key) => going.has(idOfKey(key)));
    // @spec DML-STO-0812
    if (target !== undefined) throw storeError('excision_refused', { detail: 'ref_target', ref: target.ref });
    // A datum of a listing may lack its bytes now, and what is read again is refused. @spec DML-STO-0584
    dropListings(transaction);
    // @spec DML-STO-0803 DML-STO-0813
    for (const object of plan.excise) exciseObject(transaction, object, facts);
  });
}

function exciseObject(transaction: WriteTransaction, object: ObjectName, facts: ExcisionFacts): void {
  const key = objectKey(object.class, object.objectId);
  if (key === undefined) throw storeError('store_misuse', { detail: 'excision_plan' });
  // @spec DML-STO-0808
  if (hasRow(transaction.engine, 'excised', key)) return;
  const bytes = readRow(transaction.engine, 'objects', key);
  // An object that a collection has taken since is excised as well. @spec DML-STO-0815
  const executionKey =
    bytes !== undefined && object.class === 'exec' && hashBytes(bytes) === object.objectId
      ? executionKeyOf(bytes)
      : undefined;
  // @spec DML-STO-0811
  if (executionKey !== undefined) transaction.deleteCacheEntry(executionKey, object.objectId as ExecId);
  const timeMs = transaction.environment.nowMs();
  putTombstone(transaction, { ...object, ...facts, timeMs });
}
