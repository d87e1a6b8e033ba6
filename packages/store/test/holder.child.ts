import { existsSync, writeSync } from 'node:fs';
import { nodeEnvironment } from '../src/node-environment.ts';
import { openStore } from '../src/open-store.ts';

/**
 * Opens a store, says so, and holds it until its standard input ends. A store that it creates is put in place once
 * there is a file at `gate`.
 */
const [path, mode, gate] = process.argv.slice(2) as [string, 'read' | 'write', string | undefined];
const pause = new Int32Array(new SharedArrayBuffer(4));

const environment = nodeEnvironment({
  failpoint: (name) => {
    if (gate === undefined || name !== 'create/before-rename') return;
    writeSync(1, 'drafted\n');
    while (!existsSync(gate)) Atomics.wait(pause, 0, 0, 1);
  },
});

const store = await openStore(path, {
  mode,
  create: gate !== undefined,
  program: `${process.pid}`,
  environment,
});
writeSync(1, `opened ${store.getMeta('repository')} of ${store.getMeta('created_by')}\n`);
for await (const _ of process.stdin);
await store.close();
