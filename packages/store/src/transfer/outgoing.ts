import type { CommitId } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { storeError } from '../errors.ts';
import { presentCommits } from '../history/commit-graph.ts';
import type { ObjectReader } from '../history/draft.ts';
import { commonCommits } from '../history/merge-base.ts';
import { CLASS_BYTES, OBJECT_KEY_BYTES, objectKey } from '../tables/keyspace.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import { RowReader } from '../walk/row-reader.ts';
import { nextTurn } from '../walk/run-steps.ts';
import type { ExportHost } from './export.ts';
import { inLinkOrder } from './link-order.ts';
import { type ObjectBlock, objectBlock } from './object-block.ts';

/** Objects looked at before the event loop turns. */
const STEP_OBJECTS = 10_000;

/** A store that sends objects. */
export interface OutgoingHost extends ExportHost, Pick<ObjectReader, 'getRecord'> {}

/**
 * Yields what some commits reach and other commits do not, each object after everything that it links to, as sections
 * of a CARv1 stream: an excised object as its tombstone, a withheld one as its stub.
 *
 * `known` commits are those that the receiver has with all that they reach; those that this store lacks are passed
 * over. What only the history behind a known commit reaches may be yielded again. Costs a walk of what the known
 * commits reach themselves, without their parents. Throws `object_missing` for an object that is absent here.
 */
export async function* outgoingObjects(
  host: OutgoingHost,
  commitIds: readonly CommitId[],
  known: readonly CommitId[],
): AsyncGenerator<ObjectBlock, void, undefined> {
  const { engine } = host;
  retainHere(host, [...commitIds, ...known]);
  for (const commitId of commitIds)
    if (host.getRecord('commit', commitId) === undefined)
      throw storeError('object_missing', { class: 'commit', objectId: commitId });
  // @spec DML-STO-1072
  const here = known.filter((commitId) => host.getRecord('commit', commitId) !== undefined);
  // What is missing of the commits that are sent is found when it is sent.
  // @spec DML-STO-1073
  const knownKeys = await keysBehind(engine, [
    ...here,
    ...commonCommits(presentCommits(host), commitIds, here),
  ]);
  const roots = commitIds.map((commitId) => objectKey('commit', commitId) as Buffer);
  let count = 0;
  // @spec DML-STO-1070
  const rows = new RowReader(engine);
  for (const key of inLinkOrder(engine, roots, { known: knownKeys, rows })) {
    yield objectBlock(engine, key, rows);
    count += 1;
    if (count % STEP_OBJECTS === 0) await nextTurn(engine);
  }
}

function retainHere(host: ExportHost, commitIds: readonly CommitId[]): void {
  if (host.isReadOnly) return;
  host.transact('push/retain', (transaction) => {
    for (const commitId of commitIds) transaction.retain('commit', commitId);
  });
}

/** Returns the keys of commits and of all that they reach, but for what lies behind their parents. */
async function keysBehind(engine: Engine, commitIds: readonly CommitId[]): Promise<ObjectKeySet> {
  const keys = new ObjectKeySet();
  for (const commitId of commitIds) keys.add(objectKey('commit', commitId) as Buffer);
  const commitCount = keys.size;
  const rows = new RowReader(engine);
  for (let ordinal = 0; ordinal < keys.size; ordinal += 1) {
    if (ordinal % STEP_OBJECTS === STEP_OBJECTS - 1) await nextTurn(engine);
    const key = keys.keyAt(ordinal);
    // @spec DML-STO-1071
    if (ordinal >= commitCount && key[0] === CLASS_BYTES.commit) continue;
    if (rows.look(key) !== 'present') continue;
    const { links, linkCount } = rows;
    for (let index = 0; index < linkCount; index += 1) keys.add(links, index * OBJECT_KEY_BYTES);
  }
  return keys;
}
