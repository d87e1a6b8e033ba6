import { setTimeout } from 'node:timers/promises';
import { headRef, openStore, type RefName, runGc, type Store } from '@daggerml/store';

/**
 * Another process on the same store: collects garbage over and over, and meanwhile moves `main` back to the
 * commit of `anchor` and deletes IndexRefs, until its standard input ends. Prints what it did.
 *
 * After a move it waits for a part of the time that the runs take, another part each time: however fast the
 * machine is, the next run begins now before, now in the middle of and now after the collection.
 */
const [path] = process.argv.slice(2) as [string];
const store = await openStore(path, { mode: 'write' });
const done = { collections: 0, swept: 0, moved: 0, pruned: 0 };
/** Parts of the time between two moves. */
const waits = [0, 0.5, 1, 0.25, 2, 0.75];

function move(from: Store, ref: RefName, to: RefName | null): boolean {
  const expected = from.getRef(ref)?.commitId ?? null;
  const next = to === null ? null : (from.getRef(to)?.commitId ?? null);
  if (expected === null || expected === next) return false;
  return from.updateRef({ ref, expected, next, actor: 'collector', reason: 'stress' }).applied;
}

let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();

let lastMoveMs = performance.now();
while (!isOver) {
  const hasMoved = move(store, headRef('main'), headRef('anchor'));
  for (const { name } of store.readRefs('index')) if (move(store, name, null)) done.pruned += 1;
  if (hasMoved) {
    const sinceMs = performance.now() - lastMoveMs;
    lastMoveMs += sinceMs;
    await setTimeout(Math.min(sinceMs * (waits[done.moved % waits.length] as number), 1000));
    done.moved += 1;
  }
  const { swept } = await runGc(store, { sliceObjects: 20, stepObjects: 50 });
  done.collections += 1;
  done.swept += swept.objects;
  if (done.collections === 1) process.stdout.write('ready\n');
}
await store.close();
process.stdout.write(`${JSON.stringify(done)}\n`);
