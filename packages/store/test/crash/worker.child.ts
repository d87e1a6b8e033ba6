import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { DmlError } from '@daggerml/object-model';
import { nodeEnvironment } from '../../src/node-environment.ts';
import { openStore } from '../../src/open-store.ts';
import type { Store } from '../../src/store.ts';
import type { WorkerLine, WorkerOrder } from './protocol.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

const order = JSON.parse(process.argv[2] as string) as WorkerOrder;

function say(line: WorkerLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

const passed = new Map<string, number>();

function failpoint(name: string): void {
  const count = (passed.get(name) ?? 0) + 1;
  passed.set(name, count);
  if (count === 1 && order.steps > 0) say({ kind: 'failpoint', name });
  if (order.killAt?.name === name && order.killAt.nth === count) {
    process.kill(process.pid, 'SIGKILL');
    for (;;);
  }
}

const UNGUARDED = {
  statFileSystem: () => ({ type: 0, availableBytes: Number.POSITIVE_INFINITY }),
  maxFileBytes: undefined,
} as const;

/** More words than the deepest frames of the engine take. */
const ADDRESSES: readonly object[] = new Array<object>(20_000).fill({});

let attempted: string | null = null;
let acknowledged: string | null = null;

/** Checks after a failed write: later writes are refused, the failed commit is not visible, reads still work. */
function inspectAftermath(store: Store, code: string): WorkerLine {
  // Running out of space is noticed before anything is written, so writing may go on.
  let poisoned = code === 'store_full';
  try {
    store.transact('later', () => {});
  } catch (error) {
    poisoned = error instanceof DmlError && error.code === 'store_poisoned';
  }
  const invisible = attempted === null || !store.has('commit', attempted as never);
  const readable = acknowledged === null || store.get('commit', acknowledged as never) !== undefined;
  store.readRefs();
  return { kind: 'aftermath', poisoned, invisible, readable };
}

/** Returns what the engine wrote into its buffer about a refused write. */
function engineTextOf(error: DmlError): { engineText?: string } {
  const said = error.cause instanceof Error ? error.cause.message : '';
  const at = said.indexOf('Attempting to write page');
  return at === -1 ? {} : { engineText: said.slice(at) };
}

/** Leaves addresses on the stack far below, as any program does that has been deep in calls. */
function useStack(): void {
  Reflect.apply(() => {}, undefined, ADDRESSES);
}

async function work(store: Store, scenario: Scenario): Promise<void> {
  const host = {
    store,
    order,
    say,
    ack: (ref: string, commitId: string): void => {
      acknowledged = commitId;
      attempted = null;
      say({ kind: 'ack', ref, commitId });
    },
    attempt: (commitId: string): void => {
      attempted = commitId;
    },
  };
  for (let step = 0; order.steps === 0 || step < order.steps; step += 1) {
    useStack();
    try {
      await scenario(host, step);
    } catch (error) {
      if (!(error instanceof DmlError)) throw error;
      say({ kind: 'failed', code: error.code, commitId: attempted, ...engineTextOf(error) });
      if (error.code === 'gc_refused') continue;
      say(inspectAftermath(store, error.code));
      return;
    }
    await setImmediate();
  }
}

/** Closes the store, which writes too; a failure of that is printed like every other. */
async function close(store: Store): Promise<void> {
  try {
    await store.close();
  } catch (error) {
    if (!(error instanceof DmlError)) throw error;
    say({ kind: 'failed', code: error.code, commitId: null, ...engineTextOf(error) });
  }
}

/** Opens the store for reading and closes it, again and again; whoever opens must not disturb whoever writes. */
async function openAgain(): Promise<void> {
  for (let step = 0; order.steps === 0 || step < order.steps; step += 1) {
    const store = await openStore(order.path, { mode: 'read', program: 'crash' });
    if (step === 0) say({ kind: 'ready' });
    store.readRefs();
    await store.close();
  }
  say({ kind: 'done' });
}

async function main(): Promise<void> {
  if (order.scenario === 'open') return openAgain();
  const scenario = SCENARIOS[order.scenario];
  if (scenario === undefined) throw new Error(`no scenario ${order.scenario}`);
  const environment = nodeEnvironment({
    failpoint,
    ...(order.unguarded === true ? UNGUARDED : {}),
  });
  const store = await openStore(order.path, { mode: 'write', create: true, program: 'crash', environment });
  say({ kind: 'ready' });
  await work(store, scenario);
  await close(store);
  say({ kind: 'done' });
}

await main();
