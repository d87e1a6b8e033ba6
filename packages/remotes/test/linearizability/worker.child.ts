import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type CommitId, isDmlError } from '@daggerml/object-model';
import { headRef, openStore, type RefName, remoteRef } from '@daggerml/store';
import { collectRemote } from '../../src/collect/collect.ts';
import { fetch } from '../../src/fetch/fetch.ts';
import { openFiles } from '../../src/files/open-files.ts';
import { push } from '../../src/push/push.ts';
import { memoryOfProcess } from '../../src/state/state-memory.ts';
import { systemRemote, systemSurroundings } from '../../src/system-remote.ts';
import { putCommit } from './put-commit.ts';
import type { Refs, WorkEntry } from './ref-register.ts';

const MAIN = headRef('main');

/** Works that a process is to do. */
export interface WorkerOrder {
  readonly uri: string;
  readonly folder: string;
  readonly number: number;
  readonly role: 'push' | 'fetch' | 'collect';
  /** Pushes to try; fetches and collections to get through. */
  readonly works: number;
  /** Ends the process while it replaces CURRENT, after that many works. */
  readonly endsAfter?: number | undefined;
}

/** A line that a process says: that it calls, what it was told, and which commits it has made. */
export type WorkerLine =
  | { readonly say: 'commit'; readonly commitId: CommitId; readonly parents: readonly CommitId[] }
  | { readonly say: 'call'; readonly at: string; readonly kind: WorkEntry['kind']; readonly pushes: Refs }
  | {
      readonly say: 'return';
      readonly at: string;
      readonly outcome: 'done' | 'refused' | 'unknown' | 'nothing';
      readonly refs?: Refs;
    };

/** Errors by what they say of the effect; any other ends the process. */
const OUTCOMES: Readonly<Record<string, 'refused' | 'unknown' | 'nothing'>> = {
  push_not_fast_forward: 'refused',
  push_unknown: 'unknown',
  remote_busy: 'nothing',
  remote_missing: 'nothing',
  remote_refused: 'nothing',
};

const order = JSON.parse(process.argv[2] as string) as WorkerOrder;
const store = await openStore(join(order.folder, 'store'), { mode: 'write', create: true, program: 'test' });
const name = `worker ${order.number}`;
const files = await openFiles(order.uri, systemSurroundings());
const remote = systemRemote(files, name);
const memory = memoryOfProcess();
const own = headRef(`own-${order.number}`);

function say(line: WorkerLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** Writes what some work is and what came of it. */
async function note(kind: WorkEntry['kind'], pushes: Refs, act: () => Promise<Refs>): Promise<boolean> {
  say({ say: 'call', at: String(process.hrtime.bigint()), kind, pushes });
  try {
    const refs = await act();
    say({ say: 'return', at: String(process.hrtime.bigint()), outcome: 'done', refs });
    return true;
  } catch (error) {
    const outcome = isDmlError(error) ? OUTCOMES[error.code] : undefined;
    if (outcome === undefined) throw error;
    say({ say: 'return', at: String(process.hrtime.bigint()), outcome });
    return false;
  }
}

function fetchAll(): Promise<boolean> {
  return note(
    'fetch',
    {},
    async () => (await fetch(remote, { store, memory, remoteName: 'origin' })).snapshot.state.refs,
  );
}

/** Makes a commit on a branch, over the remote's where it has another history by now. */
function commit(ref: RefName, text: string): CommitId {
  const tracked = store.getRef(remoteRef('origin', ref.slice('refs/heads/'.length)))?.commitId;
  const before = store.getRef(ref)?.commitId;
  const parents = [...new Set([before, tracked])].filter((commitId) => commitId !== undefined);
  const commitId = putCommit(store, ref, { text, parents });
  say({ say: 'commit', commitId, parents });
  return commitId;
}

async function pushSome(number: number): Promise<void> {
  const refs = [[MAIN], [MAIN], [own], [MAIN, own]][number % 4] as RefName[];
  const pushes = refs.map((ref) => ({ ref, commitId: commit(ref, `${name} ${number} ${ref}`) }));
  const targets = Object.fromEntries(
    pushes.map(({ ref, commitId }) => [ref.slice('refs/'.length), commitId]),
  );
  const isDone = await note(
    'push',
    targets,
    async () => (await push(remote, { store, memory, remoteName: 'origin', pushes })).refs,
  );
  if (!isDone) await fetchAll();
}

/** Collects once, with what others have pushed by then. */
async function collectSome(): Promise<boolean> {
  await fetchAll();
  return await note(
    'collect',
    {},
    async () => (await collectRemote(remote, { store, keptStates: 5 })).snapshot.state.refs,
  );
}

let done = 0;
const swap = files.swap.bind(files);
files.swap = (...args) => {
  const answer = swap(...args);
  // The request is on its way, and nobody will take its answer.
  if (order.endsAfter !== undefined && done >= order.endsAfter)
    setImmediate(() => process.kill(process.pid, 'SIGKILL'));
  return answer;
};

while (done < order.works) {
  if (order.role === 'push') await pushSome(done);
  else if (!(await (order.role === 'fetch' ? fetchAll() : collectSome()))) {
    // Nobody has pushed yet, or others have pushed since the fetch.
    await setTimeout(20);
    continue;
  }
  done += 1;
}
await store.close();
await files.close();
