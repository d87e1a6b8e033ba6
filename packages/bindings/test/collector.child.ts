import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { headRef, openStore, type RefName, runGc, type Store } from '@daggerml/store';

/**
 * Another process on the same store that does as it is told, one order a line: `move` takes `main` back to the
 * commit of `anchor` and deletes IndexRefs, `collect` collects garbage, `race` does both over and over until `rest`.
 * It answers each order with what came of it.
 *
 * After a move of a race it waits for a part of the time since the last one, another part each time: however fast the
 * machine is, the collection begins now early, now in the middle of and now after the run beside it.
 */
const [path] = process.argv.slice(2) as [string];
const store = await openStore(path, { mode: 'write' });
/** Parts of the time between two moves. */
const waits = [0, 0.5, 1, 0.25, 2, 0.75];

function move(from: Store, ref: RefName, to: RefName | null): boolean {
  const expected = from.getRef(ref)?.commitId ?? null;
  const next = to === null ? null : (from.getRef(to)?.commitId ?? null);
  if (expected === null || expected === next) return false;
  return from.updateRef({ ref, expected, next, actor: 'collector', reason: 'stress' }).applied;
}

function moveAll(): { moved: boolean } {
  const moved = move(store, headRef('main'), headRef('anchor'));
  for (const { name } of store.readRefs('index')) move(store, name, null);
  return { moved };
}

async function collect(): Promise<{ swept: number }> {
  const { swept } = await runGc(store, { sliceObjects: 20, stepObjects: 50 });
  return { swept: swept.objects };
}

let isRacing = false;
let moves = 0;
let lastMoveMs = performance.now();

async function race(): Promise<{ collections: number }> {
  let collections = 0;
  do {
    if (moveAll().moved) {
      const sinceMs = performance.now() - lastMoveMs;
      lastMoveMs += sinceMs;
      moves += 1;
      await setTimeout(Math.min(sinceMs * (waits[moves % waits.length] as number), 1000));
    }
    await collect();
    collections += 1;
  } while (isRacing);
  return { collections };
}

let running: Promise<object> = Promise.resolve({});
const orders: Readonly<Record<string, () => object | Promise<object>>> = {
  move: moveAll,
  collect,
  race: () => {
    isRacing = true;
    running = race();
    return {};
  },
  rest: () => {
    isRacing = false;
    return running;
  },
};

process.stdout.write('ready\n');
for await (const order of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await orders[order]?.())}\n`);
await store.close();
