import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecId } from '@daggerml/object-model';
import type { ClaimerLine, ClaimerOrder } from './claimer.child.ts';

/** Built, because Node does not run sources. */
const CLAIMER = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../dist/test/claimers/claimer.child.js' : './claimer.child.js',
    import.meta.url,
  ),
);

/** Facts about processes that brought the same keys together. */
export interface ClaimersResult {
  /** Results of each key that some process has integrated; null where one found none. */
  readonly integrated: readonly ReadonlySet<ExecId | null>[];
  /** Processes that came to their end. */
  readonly ended: number;
  /** Computations of each key, by whoever was not killed in the middle of one. */
  readonly computed: readonly number[];
  /** Requests of the processes that came to their end, by operation and folder. */
  readonly requests: ReadonlyMap<string, number>;
}

async function runClaimer(
  order: ClaimerOrder,
  env: NodeJS.ProcessEnv,
  onStart: (child: ChildProcess) => unknown,
): Promise<ClaimerLine[]> {
  const child = spawn(process.execPath, [CLAIMER, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  onStart(child);
  const lines: ClaimerLine[] = [];
  let failure = '';
  child.stderr.on('data', (data) => {
    failure += data;
  });
  const ended = once(child, 'close');
  for await (const text of createInterface({ input: child.stdout }))
    lines.push(JSON.parse(text) as ClaimerLine);
  await ended;
  if (child.exitCode !== 0 && order.ends === undefined)
    throw new Error(`claimer ${order.number}: ${failure}`);
  return lines;
}

/** Runs processes that all want the same keys, at the same time. */
export async function runClaimers(
  orders: readonly ClaimerOrder[],
  env: NodeJS.ProcessEnv,
  onStart: (child: ChildProcess) => unknown,
): Promise<ClaimersResult> {
  const logs = await Promise.all(orders.map((order) => runClaimer(order, env, onStart)));
  const keys = orders[0]?.keys ?? 0;
  const integrated = Array.from({ length: keys }, () => new Set<ExecId | null>());
  const computed = Array.from({ length: keys }, () => 0);
  const requests = new Map<string, number>();
  let ended = 0;
  for (const line of logs.flat()) {
    if (line.say === 'computed') computed[line.key] = (computed[line.key] ?? 0) + 1;
    else if (line.say === 'requests') {
      for (const [kind, count] of Object.entries(line.counts))
        requests.set(kind, (requests.get(kind) ?? 0) + count);
    } else {
      ended += 1;
      for (const [key, execId] of line.execIds.entries()) integrated[key]?.add(execId);
    }
  }
  return { integrated, ended, computed, requests };
}
