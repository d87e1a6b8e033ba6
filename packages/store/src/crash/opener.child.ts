import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatumId } from '@daggerml/object-model';
import { nodeEnvironment } from '../node-environment.ts';
import { openStore } from '../open-store.ts';
import type { Store } from '../store.ts';

/** Opens and uses a store in steps that another process orders: each order is a file, and so is each answer. */
const [path, folder] = process.argv.slice(2) as [string, string];
const pause = new Int32Array(new SharedArrayBuffer(4));
let turn = 0;

interface Order {
  readonly kind: 'open' | 'go' | 'put' | 'has' | 'close' | 'end';
  readonly mode?: 'read' | 'write';
  readonly text?: string;
  readonly datumId?: DatumId;
}

function answer(value: object): void {
  const draft = join(folder, `draft-${turn}`);
  writeFileSync(draft, JSON.stringify(value));
  renameSync(draft, join(folder, `answer-${turn}`));
}

function nextOrder(): Order {
  turn += 1;
  const file = join(folder, `order-${turn}`);
  while (!existsSync(file)) Atomics.wait(pause, 0, 0, 0.2);
  return JSON.parse(readFileSync(file, 'utf8')) as Order;
}

const environment = nodeEnvironment({
  failpoint: (name) => {
    if (!name.startsWith('open/')) return;
    answer({ at: name });
    nextOrder();
  },
});

function put(store: Store, value: string): DatumId {
  let datumId: DatumId | undefined;
  store.transact('put', (transaction) => {
    datumId = transaction.putRecord({ type: 'datum', kind: 'string', value });
  });
  return datumId as DatumId;
}

let store: Store | undefined;
for (;;) {
  const order = nextOrder();
  if (order.kind === 'end') break;
  try {
    if (order.kind === 'open') {
      store = await openStore(path, { mode: order.mode ?? 'write', environment });
      answer({ at: 'opened' });
    } else if (order.kind === 'put') answer({ datumId: put(store as Store, order.text ?? '') });
    else if (order.kind === 'has')
      answer({ has: (store as Store).get('datum', order.datumId as DatumId) !== undefined });
    else {
      await store?.close();
      answer({});
    }
  } catch (error) {
    const { code, detail } = error as { code?: string; detail?: string };
    answer({ at: 'refused', code, detail });
  }
}
