import type { CommitId } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { refreshSnapshot } from '../engine/reading.ts';
import { readRefs } from '../refs/refs.ts';
import { CLASS_BYTES, OBJECT_KEY_BYTES, objectKey } from '../tables/keyspace.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import { RowReader } from '../walk/row-reader.ts';
import { nextTurn } from '../walk/run-steps.ts';

/** Commits looked at before the event loop turns. */
const STEP_COMMITS = 10_000;

/** Finds the commits at which the histories of some commits meet those of the refs of the store. */
export async function knownCommits(engine: Engine, commitIds: readonly CommitId[]): Promise<ObjectKeySet> {
  refreshSnapshot(engine);
  const standing = new ObjectKeySet();
  for (const ref of readRefs(engine)) standing.add(objectKey('commit', ref.commitId) as Buffer);
  await addAncestors(engine, standing, () => true);
  const met = new ObjectKeySet();
  const histories = new ObjectKeySet();
  for (const commitId of commitIds) histories.add(objectKey('commit', commitId) as Buffer);
  await addAncestors(engine, histories, (key) => {
    if (!standing.has(key)) return true;
    met.add(key);
    return false;
  });
  return met;
}

/** Adds the parents of the commits in a set, of those added too, where `enter` lets it. */
async function addAncestors(
  engine: Engine,
  commits: ObjectKeySet,
  enter: (key: Uint8Array) => boolean,
): Promise<void> {
  const rows = new RowReader(engine);
  for (let ordinal = 0; ordinal < commits.size; ordinal += 1) {
    if (ordinal % STEP_COMMITS === STEP_COMMITS - 1) await nextTurn(engine);
    const key = commits.keyAt(ordinal);
    if (!enter(key) || rows.look(key) !== 'present') continue;
    const { links, linkCount } = rows;
    for (let index = 0; index < linkCount; index += 1) {
      const offset = index * OBJECT_KEY_BYTES;
      if (links[offset] === CLASS_BYTES.commit) commits.add(links, offset);
    }
  }
}
