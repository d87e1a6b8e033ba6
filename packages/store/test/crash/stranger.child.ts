import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { CommitId, NodeId } from '@daggerml/object-model';
import { compactStore } from '../../src/compact/compact.ts';
import { runGc } from '../../src/gc/run.ts';
import { nodeEnvironment } from '../../src/node-environment.ts';
import { openStore } from '../../src/open-store.ts';
import { headRef } from '../../src/refs/ref-name.ts';
import { sessionKey } from '../../src/sessions/sessions.ts';
import type { Store } from '../../src/store.ts';
import { encodeJsonRow } from '../../src/tables/checksummed-row.ts';
import { verifyStore } from '../../src/verify/verify-store.ts';
import type { WriteTransaction } from '../../src/write-transaction.ts';
import { putCommit, putLiteral, putNumberedDag, putText } from '../records.ts';

/** Configuration of a stranger. */
export interface StrangerConfig {
  readonly path: string;
  readonly name: string;
  readonly lockWaitMs?: number;
  /** Ends the process at a failpoint. */
  readonly killAt?: string;
  /** Writes its session's row again when others have deleted it, as a program without the fence would. */
  readonly unfenced?: boolean;
}

/** Orders to a stranger, one word a line; it answers each with one line of JSON. */
export type StrangerOrder = 'open' | 'stage' | 'name' | 'collect' | 'compact' | 'evict' | 'verify' | 'close';

const KILLED = 137;

const config = JSON.parse(process.argv[2] as string) as StrangerConfig;
const { path, name, lockWaitMs = 60_000 } = config;

const environment = nodeEnvironment({
  lockWaitMs,
  failpoint: (reached) => {
    if (reached !== config.killAt) return;
    // The first process of a namespace cannot kill itself; this ends it as suddenly.
    (process as unknown as { reallyExit(code: number): never }).reallyExit(KILLED);
  },
});
const ref = headRef(name);
let opened: Store | undefined;
let round = 0;

function store(): Store {
  if (opened === undefined) throw new Error('not open');
  return opened;
}

/** Puts dag, tree and commit over nodes that are there already, or are thought to be. */
function putTop(transaction: WriteTransaction, nodeIds: readonly NodeId[], label: string): CommitId {
  const work = putNumberedDag(transaction, nodeIds);
  const current = transaction.getRef(ref)?.commitId;
  const parents = current === undefined ? [] : [current];
  return putCommit(transaction, { dags: { work }, parents, message: label, timeMs: round });
}

let staged: { readonly nodeIds: readonly NodeId[]; readonly label: string } | undefined;

/** Puts work that no ref knows of yet. */
function stage(): object {
  round += 1;
  const label = `${name} ${process.pid} ${round}`;
  store().transact('stage', (transaction) => {
    const texts = Array.from({ length: 5 }, (_, index) => `${label}/${index}`.padEnd(60, '.'));
    const nodeIds = texts.map((text) => putLiteral(transaction, putText(transaction, text)));
    putTop(transaction, nodeIds, label);
    staged = { nodeIds, label };
  });
  return { staged: label };
}

/** Puts a commit on top of what was staged, and names it. */
function nameStaged(): object {
  if (staged === undefined) throw new Error('nothing is staged');
  const { nodeIds, label } = staged;
  if (config.unfenced === true) cheat();
  const next = store().transact('name', (transaction) => {
    const expected = transaction.getRef(ref)?.commitId ?? null;
    const commitId = putTop(transaction, nodeIds, label);
    transaction.updateRef({ ref, expected, next: commitId, actor: name, reason: 'named' });
    return commitId;
  });
  return { acknowledged: next, ref };
}

/** Puts the row of this session back past the session itself. */
function cheat(): void {
  const { engine, sessionId } = store();
  const key = sessionKey(sessionId);
  const row = { sessionId, process: environment.process, startGeneration: -1 };
  engine.root.transactionSync(() => engine.tables.sessions.putSync(key, encodeJsonRow('sessions', key, row)));
}

function evict(): object {
  const mine = store();
  const others = mine.liveSessions().filter(({ sessionId }) => sessionId !== mine.sessionId);
  mine.transact('evict', (transaction) => {
    for (const { sessionId } of others) transaction.deleteRow('sessions', sessionKey(sessionId));
  });
  return { evicted: others.length };
}

async function obey(order: string): Promise<object> {
  switch (order as StrangerOrder) {
    case 'open':
      opened = await openStore(path, { mode: 'write', create: true, program: name, environment });
      return { pid: process.pid };
    case 'stage':
      return stage();
    case 'name':
      return nameStaged();
    case 'collect':
      return { swept: (await runGc(store(), { stepObjects: 40, sliceObjects: 20 })).swept.objects };
    case 'compact':
      return { rows: (await compactStore(path, { environment })).rows };
    case 'evict':
      return evict();
    case 'verify':
      return { findings: (await verifyStore(store())).findings };
    case 'close':
      await opened?.close();
      opened = undefined;
      return {};
  }
}

for await (const order of createInterface({ input: process.stdin })) {
  let answer: object;
  try {
    answer = await obey(order);
  } catch (error) {
    const { code = 'none', detail, message } = error as { code?: string; detail?: string; message: string };
    answer = { refused: code, detail, message };
  }
  writeSync(1, `${JSON.stringify(answer)}\n`);
}
