import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatumId } from '@daggerml/object-model';
import { nodeEnvironment } from '../../src/node-environment.ts';
import { openStore } from '../../src/open-store.ts';
import { headRef } from '../../src/refs/ref-name.ts';
import type { Store } from '../../src/store.ts';
import { putText } from '../records.ts';

/** Opens and uses a store in steps that another process orders: each order is a file, and so is each answer. */
const [path, folder] = process.argv.slice(2) as [string, string];
const pause = new Int32Array(new SharedArrayBuffer(4));
let turn = 0;
let stops: readonly string[] = [];

/**
 * Orders to the process: to open in steps (`go` after each), to put, to look, to close; to `hold` a
 * transaction until the next order; to `lose` its place, as by reading the lock file; to say who writes; to `move` a
 * ref to and fro, ten times.
 */
export interface OpenerOrder {
  readonly kind: 'open' | 'go' | 'put' | 'has' | 'hold' | 'lose' | 'writer' | 'move' | 'close' | 'end';
  readonly mode?: 'read' | 'write';
  /** True to create the store where there is none. */
  readonly create?: boolean;
  /** The moments of the opening at which to wait for another order. */
  readonly stops?: readonly string[];
  readonly text?: string;
  readonly datumId?: DatumId;
}

function answer(value: object): void {
  const draft = join(folder, `draft-${turn}`);
  writeFileSync(draft, JSON.stringify(value));
  renameSync(draft, join(folder, `answer-${turn}`));
}

function nextOrder(): OpenerOrder {
  turn += 1;
  const file = join(folder, `order-${turn}`);
  while (!existsSync(file)) Atomics.wait(pause, 0, 0, 0.2);
  return JSON.parse(readFileSync(file, 'utf8')) as OpenerOrder;
}

const environment = nodeEnvironment({
  failpoint: (name) => {
    if (!stops.includes(name)) return;
    answer({ at: name });
    nextOrder();
  },
});

function put(store: Store, value: string, whenPut: () => void = () => {}): DatumId {
  return store.transact('put', (transaction) => {
    const datumId = putText(transaction, value);
    whenPut();
    return datumId;
  });
}

/** Loses the reader slot: the kernel drops all locks of a process on a file when it closes any descriptor of it. */
function losePlace(): void {
  closeSync(openSync(join(path, 'lock.mdb'), 'r'));
}

function hold(store: Store, text: string): void {
  const datumId = put(store, text, () => {
    answer({ at: 'holding' });
    nextOrder();
  });
  answer({ datumId });
}

function move(store: Store): void {
  const ref = headRef('moving');
  const commitId = store.getRef(headRef('main'))?.commitId ?? null;
  for (let turn = 0; turn < 20; turn += 1) {
    const [expected, next] = turn % 2 === 0 ? [null, commitId] : [commitId, null];
    store.updateRef({ ref, expected, next, actor: 'ada', reason: 'test' });
  }
}

let store: Store | undefined;

async function obey(order: OpenerOrder): Promise<void> {
  if (order.kind === 'open') {
    stops = order.stops ?? [];
    const { mode = 'write', create = false } = order;
    store = await openStore(path, { mode, create, program: `${process.pid}`, environment });
    return answer({ at: 'opened', creator: store.getMeta('created_by') });
  }
  const open = store as Store;
  switch (order.kind) {
    case 'put':
      return answer({ datumId: put(open, order.text ?? '') });
    case 'has':
      return answer({ has: open.get('datum', order.datumId as DatumId) !== undefined });
    case 'hold':
      return hold(open, order.text ?? '');
    case 'lose':
      losePlace();
      return answer({});
    case 'move':
      move(open);
      return answer({});
    case 'writer':
      return answer({ writer: open.engine.lock.writer() });
    default:
      await open.close();
      return answer({});
  }
}

for (let order = nextOrder(); order.kind !== 'end'; order = nextOrder()) {
  try {
    await obey(order);
  } catch (error) {
    const { code, detail, fields } = error as { code?: string; detail?: string; fields?: object };
    answer({ at: 'refused', code, detail, fields });
  }
}
