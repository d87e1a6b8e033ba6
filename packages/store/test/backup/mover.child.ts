import { existsSync, writeFileSync, writeSync } from 'node:fs';
import { nodeEnvironment } from '../../src/node-environment.ts';
import { openStore } from '../../src/open-store.ts';
import { headRef } from '../../src/refs/ref-name.ts';

/** Moves a ref to and fro, ten times for each file `go<number>` that comes to be, and answers with `done<number>`. */
const [path = '', folder = ''] = process.argv.slice(2);
const pause = new Int32Array(new SharedArrayBuffer(4));

const store = await openStore(path, { mode: 'write', program: 'mover', environment: nodeEnvironment() });
const commitId = store.getRef(headRef('main'))?.commitId ?? null;
const move = (next: typeof commitId, expected: typeof commitId): void =>
  store.transact('move', (transaction) => {
    transaction.updateRef({ ref: headRef('moving'), expected, next, actor: 'ada', reason: 'test' });
  });
writeSync(1, 'ready\n');
for (let turn = 0; !existsSync(`${folder}/end`); ) {
  if (!existsSync(`${folder}/go${turn}`)) {
    Atomics.wait(pause, 0, 0, 1);
    continue;
  }
  for (let index = 0; index < 10; index += 1) {
    move(commitId, null);
    move(null, commitId);
  }
  writeFileSync(`${folder}/done${turn}`, '');
  turn += 1;
}
await store.close();
