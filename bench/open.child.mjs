/** One process with a store: `fill` it, `vouch` for its state, `open` it (prints the milliseconds), or `write` to the end. */
import { headRef, openStore } from '@daggerml/store';

const [task, path, count] = process.argv.slice(2);
const BATCH = 20_000;

async function fill() {
  const store = await openStore(path, { mode: 'write', create: true });
  for (let from = 0; from < Number(count); from += BATCH)
    store.transact('fill', (transaction) => {
      for (let index = from; index < from + BATCH; index += 1)
        transaction.putRecord({ type: 'datum', kind: 'string', value: `value number ${index} of the fill` });
    });
  await store.close();
}

/** Leaves a clean marker of the newest state, as every writer does. */
async function vouch() {
  const store = await openStore(path, { mode: 'write' });
  store.setHead(headRef('main'));
  await store.close();
}

/** Opens, reads and puts something, which is the least that a command does. */
async function open() {
  const startedAtMs = performance.now();
  const store = await openStore(path, { mode: 'write' });
  const openedAtMs = performance.now();
  store.getRef(headRef('main'));
  store.transact('put', (transaction) => {
    transaction.putRecord({ type: 'datum', kind: 'string', value: `${process.pid} was here` });
  });
  const usedAtMs = performance.now();
  await store.close();
  process.stdout.write(JSON.stringify({ open: openedAtMs - startedAtMs, use: usedAtMs - openedAtMs }));
}

async function write() {
  const store = await openStore(path, { mode: 'write' });
  for (let index = 0; ; index += 1) {
    store.transact('write', (transaction) => {
      for (let value = 0; value < 100; value += 1)
        transaction.putRecord({ type: 'datum', kind: 'string', value: `${process.pid} ${index} ${value}` });
    });
    if (index === 0) process.stdout.write('writing\n');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

await { fill, vouch, open, write }[task]();
