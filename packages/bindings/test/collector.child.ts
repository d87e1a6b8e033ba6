import { headRef, openStore, type RefName, runGc, type Store } from '@daggerml/store';

/**
 * Another process on the same store: collects garbage over and over, and meanwhile moves `main` back to the
 * commit of `anchor` and deletes IndexRefs, until its standard input ends. Prints what it did.
 */
const [path] = process.argv.slice(2) as [string];
const store = await openStore(path, { mode: 'write' });
const done = { collections: 0, swept: 0, moved: 0, pruned: 0 };

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

while (!isOver) {
  if (move(store, headRef('main'), headRef('anchor'))) done.moved += 1;
  for (const { name } of store.readRefs('index')) if (move(store, name, null)) done.pruned += 1;
  const { swept } = await runGc(store, { sliceObjects: 20, stepObjects: 50 });
  done.collections += 1;
  done.swept += swept.objects;
  if (done.collections === 1) process.stdout.write('ready\n');
}
await store.close();
process.stdout.write(`${JSON.stringify(done)}\n`);
