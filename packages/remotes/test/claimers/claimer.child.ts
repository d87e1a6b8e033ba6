import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { type ExecId, type ExecutionKey, isDmlError } from '@daggerml/object-model';
import { RemoteCache } from '../../src/cache/remote-cache.ts';
import { type OwnClaim, type RemoteClaimAnswer, RemoteClaims } from '../../src/claims/remote-claims.ts';
import { openFiles } from '../../src/files/open-files.ts';
import { systemRemote, systemSurroundings } from '../../src/system-remote.ts';
import { HeldObjects, outcomeOf } from '../outcome.ts';
import { watchedFiles } from '../watched-files.ts';

/** Keys that a process is to bring, together with others. */
export interface ClaimerOrder {
  readonly uri: string;
  readonly number: number;
  readonly keys: number;
  readonly maxHeld: number;
  readonly leaseMs: number;
  readonly workMs: number;
  /** Ends the process, which has that many claims behind it, at a moment of the next one. */
  readonly ends?:
    | { readonly after: number; readonly moment: 'claimed' | 'computed' | 'published' }
    | undefined;
}

/** A line that a process says. */
export type ClaimerLine =
  | { readonly say: 'computed'; readonly key: number; readonly fencing: number }
  | { readonly say: 'integrated'; readonly execIds: readonly (ExecId | null)[] }
  | { readonly say: 'requests'; readonly counts: Readonly<Record<string, number>> };

const order = JSON.parse(process.argv[2] as string) as ClaimerOrder;
const name = `claimer ${order.number}`;
const files = watchedFiles(await openFiles(order.uri, systemSurroundings()));
const remote = systemRemote(files, name);
const cache = new RemoteCache(remote);
const claims = new RemoteClaims(remote, {
  owner: name,
  leaseMs: order.leaseMs,
  maxHeld: order.maxHeld,
  hasOutcome: (key, isFresh) => cache.mayHave(key, isFresh),
});
const held = new HeldObjects();
const keys: readonly ExecutionKey[] = Array.from(
  { length: order.keys },
  (_, key) => outcomeOf(held, `input ${key}`).executionKey,
);
let claimed = 0;

function say(line: ClaimerLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** Ends this process where it is told to: at some moment of a claim, with whatever is under way. */
function passes(moment: string): void {
  if (order.ends !== undefined && claimed > order.ends.after && order.ends.moment === moment)
    process.kill(process.pid, 'SIGKILL');
}

const HELD: RemoteClaimAnswer = { type: 'held', afterMs: 2_000, owner: undefined };

/** Takes another answer for that of a request which a crowded machine has not answered in time. */
async function unlessUnanswered<Answer>(asked: Promise<Answer>, instead: Answer): Promise<Answer> {
  return await asked.catch((error: unknown) => {
    if (isDmlError(error) && error.code === 'remote_unreachable') return instead;
    throw error;
  });
}

/** Renews a claim until its call ends; false once it is lost. */
function keepAlive(claim: OwnClaim): { isHeld: boolean; stop(): Promise<void> } {
  let isOver = false;
  const kept = { isHeld: true, stop: async () => {} };
  const ending = new AbortController();
  const renewing = (async () => {
    for (;;) {
      await setTimeout(claim.leaseMs / 2, undefined, { signal: ending.signal }).catch(() => undefined);
      if (isOver) return;
      kept.isHeld = await unlessUnanswered(claims.renew(claim), true);
      if (!kept.isHeld) return;
    }
  })();
  kept.stop = async () => {
    isOver = true;
    ending.abort();
    await renewing;
  };
  return kept;
}

/** Computes a key to a result that only this process and claim come to. */
async function compute(key: number, claim: OwnClaim): Promise<void> {
  claimed += 1;
  passes('claimed');
  const kept = keepAlive(claim);
  await setTimeout(order.workMs);
  const { fencing } = claim;
  say({ say: 'computed', key, fencing });
  passes('computed');
  if (kept.isHeld) {
    const value = `input ${key} by ${name} under ${fencing}`;
    await cache.publish([outcomeOf(held, `input ${key}`, { value, fencing })], held);
    passes('published');
  }
  await kept.stop();
  await unlessUnanswered(claims.release(claim), false);
}

/** Waits until the outcome of a key is there, and computes it where nobody else does. */
async function bring(key: number): Promise<void> {
  const executionKey = keys[key] as ExecutionKey;
  while (!(await cache.mayHave(executionKey, false))) {
    const answer = await unlessUnanswered(claims.claim(executionKey), HELD);
    if (answer.type === 'claimed') await compute(key, answer.claim);
    else if (answer.type === 'held') await setTimeout(answer.afterMs);
  }
}

// Each process begins with other keys.
const first = Math.floor((order.number * order.keys) / 64);
await Promise.all(keys.map((_, at) => bring((at + first) % order.keys)));
const execIds = new Map<ExecutionKey, ExecId>();
for await (const part of cache.lookUp(keys)) for (const [key, { execId }] of part) execIds.set(key, execId);
say({ say: 'integrated', execIds: keys.map((key) => execIds.get(key) ?? null) });
const counts: Record<string, number> = {};
for (const request of files.requests) {
  const [operation = '', path = ''] = request.split(' ');
  const kind = `${operation} ${path.split('/')[0] ?? ''}`.trim();
  counts[kind] = (counts[kind] ?? 0) + 1;
}
say({ say: 'requests', counts });
await files.close();
