import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CommitId } from '@daggerml/object-model';
import { afterTests } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { FaultServer } from '../../src/testing/fault-server.ts';
import { temporaryFolder } from '../folder-fixtures.ts';
import { refRegister, type WorkEntry } from './ref-register.ts';
import { isLinearizable, type Operation } from './wgl.ts';
import type { WorkerLine, WorkerOrder } from './worker.child.ts';

/** Built, because Node does not run sources. */
const WORKER = fileURLToPath(new URL('../dist/test/linearizability/worker.child.js', import.meta.url));

const ROLES: readonly WorkerOrder['role'][] = [
  'push',
  'push',
  'push',
  'push',
  'push',
  'fetch',
  'fetch',
  'collect',
];

/** What all processes said. */
interface Log {
  readonly operations: readonly Operation<WorkEntry>[];
  readonly parents: ReadonlyMap<CommitId, readonly CommitId[]>;
}

/** Runs a process and returns what it says until it ends. */
async function runWorker(order: WorkerOrder, env: NodeJS.ProcessEnv): Promise<WorkerLine[]> {
  const child = spawn(process.execPath, [WORKER, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  afterTests('test', () => child.kill('SIGKILL'));
  const lines: WorkerLine[] = [];
  let failure = '';
  child.stderr.on('data', (data) => {
    failure += data;
  });
  const ended = once(child, 'close');
  for await (const text of createInterface({ input: child.stdout }))
    lines.push(JSON.parse(text) as WorkerLine);
  await ended;
  if (child.exitCode !== 0 && order.endsAfter === undefined)
    throw new Error(`worker ${order.number}: ${failure}`);
  return lines;
}

/** Lets eight processes work with one remote at the same time; one of them is killed while it pushes. */
async function runAll(uri: string, works: number, env: NodeJS.ProcessEnv): Promise<Log> {
  const folder = temporaryFolder();
  const logs = await Promise.all(
    ROLES.map(async (role, number) => {
      const own = join(folder, String(number));
      mkdirSync(own);
      const endsAfter = number === 0 ? 2 : undefined;
      return await runWorker({ uri, folder: own, number, role, works, endsAfter }, env);
    }),
  );
  const parents = new Map<CommitId, readonly CommitId[]>();
  for (const line of logs.flat()) if (line.say === 'commit') parents.set(line.commitId, line.parents);
  return { parents, operations: logs.flatMap(operationsOf) };
}

/** Returns the operations that a process has logged; those without an effect, of whatever outcome, are left out. */
function operationsOf(lines: readonly WorkerLine[]): Operation<WorkEntry>[] {
  const operations: Operation<WorkEntry>[] = [];
  const told = lines.filter((line) => line.say !== 'commit');
  for (const [at, line] of told.entries()) {
    if (line.say !== 'call') continue;
    const { kind, pushes } = line;
    const answer = told[at + 1];
    const outcome = answer?.say === 'return' ? answer.outcome : 'unknown';
    if (outcome === 'nothing') continue;
    operations.push({
      calledAt: BigInt(line.at),
      returnedAt: outcome === 'unknown' || answer === undefined ? undefined : BigInt(answer.at),
      entry: {
        kind,
        pushes,
        refs: answer?.say === 'return' ? answer.refs : undefined,
        isRefused: outcome === 'refused',
      },
    });
  }
  return operations;
}

/** Checks that the refs of a remote were a register to all that used them. */
function expectRegister({ operations, parents }: Log): void {
  const histories = new Map<CommitId, ReadonlySet<CommitId>>();
  const historyOf = (commitId: CommitId): ReadonlySet<CommitId> => {
    const known = histories.get(commitId);
    if (known !== undefined) return known;
    const history = new Set([commitId]);
    for (const parent of parents.get(commitId) ?? [])
      for (const earlier of historyOf(parent)) history.add(earlier);
    histories.set(commitId, history);
    return history;
  };
  const register = refRegister((ancestor, commitId) => historyOf(commitId).has(ancestor));
  expect(isLinearizable(operations, register)).toBe(true);
  const ended = (kind: WorkEntry['kind']): Operation<WorkEntry>[] =>
    operations.filter(({ entry, returnedAt }) => entry.kind === kind && returnedAt !== undefined);
  for (const kind of ['push', 'fetch', 'collect'] as const) expect(ended(kind).length).toBeGreaterThan(0);
  expect(operations.filter(({ returnedAt }) => returnedAt === undefined).length).toBeGreaterThan(0);
  // The same history, were a push that was told that it took effect lost.
  const reader = ended('fetch').at(-1) as Operation<WorkEntry>;
  const lost: Operation<WorkEntry> = {
    calledAt: 0n,
    returnedAt: 1n,
    entry: {
      kind: 'push',
      pushes: { 'heads/lost': reader.entry.refs?.['heads/main'] as CommitId },
      refs: undefined,
      isRefused: false,
    },
  };
  expect(isLinearizable([...operations, lost], register)).toBe(false);
}

describe('eight processes that push, fetch and collect at once', () => {
  it('see the refs of a folder as one register [DML-REM-0721]', { timeout: 300_000 }, async () => {
    const path = join(temporaryFolder(), 'remote');
    const uri = `dml+remote://file${path}`;
    expectRegister(await runAll(uri, 12, process.env));
  });

  it('see the refs of a bucket that loses answers as one register [DML-REM-0721]', {
    timeout: 300_000,
  }, async () => {
    const server = await FaultServer.start('bucket');
    afterTests('test', () => server.close());
    const target = { operation: 'PutObject', key: /CURRENT/ } as const;
    for (const moment of ['before', 'after'] as const) {
      server.fail(
        target,
        { kind: 'none' },
        { kind: 'reset', moment },
        { kind: 'none' },
        { kind: 'reset', moment },
      );
      server.fail(target, { kind: 'none' }, { kind: 'status', status: 503, code: 'SlowDown', moment });
    }
    const endpoint = encodeURIComponent(server.endpoint);
    const env = {
      ...process.env,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'testtest',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    expectRegister(await runAll(`dml+remote://s3/bucket/remote?endpoint=${endpoint}`, 6, env));
  });
});
