import { join } from 'node:path';
import { afterTests, SeededRandom } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { listClaims } from '../../src/claims/list-claims.ts';
import { openFiles } from '../../src/files/open-files.ts';
import { systemRemote, systemSurroundings } from '../../src/system-remote.ts';
import { setAwsEnvironment, TEST_KEYS } from '../aws-environment.ts';
import { temporaryFolder } from '../folder-fixtures.ts';
import { startBucket } from './bucket-server.ts';
import type { ClaimerOrder } from './claimer.child.ts';
import { type ClaimersResult, runClaimers } from './run-claimers.ts';

const KEYS = 40;
const PROCESSES = 8;
const KILLED = 3;

/** Lets eight processes bring the same keys; three of them are killed while they hold claims. */
async function runAll(uri: string, env: NodeJS.ProcessEnv, seed: number): Promise<ClaimersResult> {
  const random = new SeededRandom(seed);
  const orders = Array.from({ length: PROCESSES }, (_, number): ClaimerOrder => {
    const moment = random.pick(['claimed', 'computed', 'published'] as const);
    const ends = number < KILLED ? { after: random.below(2), moment } : undefined;
    return { uri, number, keys: KEYS, maxHeld: 2, leaseMs: 3_000, workMs: 20 + random.below(200), ends };
  });
  return await runClaimers(orders, env, (child) => afterTests('test', () => child.kill('SIGKILL')));
}

async function expectOnce(uri: string, { integrated, ended }: ClaimersResult): Promise<void> {
  // A process that is to be killed may find that all is done before.
  expect(ended).toBeGreaterThanOrEqual(PROCESSES - KILLED);
  expect(integrated).toHaveLength(KEYS);
  for (const execIds of integrated) {
    expect(execIds.size).toBe(1);
    expect(execIds).not.toContain(null);
  }
  const files = await openFiles(uri, systemSurroundings());
  const states: string[] = [];
  let last = 0;
  for await (const { state, fencing } of listClaims(systemRemote(files, 'test'))) {
    states.push(state);
    last = Math.max(last, fencing);
  }
  await files.close();
  expect(states).toHaveLength(KEYS);
  if (ended < PROCESSES) expect(last + states.filter((state) => state === 'held').length).toBeGreaterThan(1);
}

describe('eight processes that want the same keys, of which three are killed', () => {
  it('integrate one result of each over a folder [DML-REM-1128]', { timeout: 300_000 }, async () => {
    const uri = `dml+remote://file${join(temporaryFolder(), 'remote')}`;
    await expectOnce(uri, await runAll(uri, process.env, 1));
  });

  it('integrate one result of each over a bucket [DML-REM-1128]', { timeout: 300_000 }, async () => {
    setAwsEnvironment(TEST_KEYS);
    const { uri, env, server } = await startBucket(process.env);
    afterTests('test', () => server.close());
    await expectOnce(uri, await runAll(uri, env, 2));
  });
});
