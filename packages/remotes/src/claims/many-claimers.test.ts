import { type ExecutionKey, sha256Hex } from '@daggerml/object-model';
import { SeededRandom } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { remoteOver } from '../../test/fixtures.ts';
import { Timeline } from '../../test/timeline.ts';
import { watchedFiles } from '../../test/watched-files.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { RemoteClaims } from './remote-claims.ts';

const MEMBERS = 64;
const KEYS = 1_000;
const WORK_MS = 3_000;
/** Time that a request takes at least; others take up to three times as long. */
const REQUEST_MS = 20;

/** Lets many bring the same keys, each with so many claims at a time; returns how often keys were computed, and the requests. */
async function bringAll(maxHeld: number | undefined): Promise<{ computed: number; requests: number }> {
  const time = new Timeline();
  const memory = new MemoryRemote({ nowMs: () => time.nowMs });
  const keys = Array.from({ length: KEYS }, (_, at) => sha256Hex(Buffer.from(`${at}`)) as ExecutionKey);
  const results = new Map<ExecutionKey, number>();
  let computed = 0;
  let requests = 0;
  const member = async (number: number): Promise<void> => {
    const random = new SeededRandom(number);
    const files = watchedFiles(memory.open(), async (_, phase) => {
      if (phase === 'before') await time.sleep(REQUEST_MS + random.below(2 * REQUEST_MS));
    });
    const remote = remoteOver(files, number);
    const clocks = { monotonicMs: () => time.nowMs, wallMs: () => time.nowMs };
    const hasOutcome = async (key: ExecutionKey): Promise<boolean> => results.has(key);
    const claims = new RemoteClaims(remote, { owner: `${number}`, maxHeld, clocks, hasOutcome });
    const compute = async (key: ExecutionKey): Promise<void> => {
      while (!results.has(key)) {
        const answer = await claims.claim(key);
        if (answer.type === 'held') await time.sleep(answer.afterMs + random.below(100));
        if (answer.type !== 'claimed') continue;
        await time.sleep(WORK_MS + random.below(1_000));
        computed += 1;
        results.set(key, answer.claim.fencing);
        await claims.release(answer.claim);
      }
    };
    await time.sleep(random.below(1_000));
    await Promise.all(keys.map(compute));
    requests += files.requests.length;
  };
  let isOver = false;
  const all = Promise.all(Array.from({ length: MEMBERS }, (_, number) => member(number + 1))).then(() => {
    isOver = true;
  });
  await time.run(() => isOver);
  await all;
  expect(results.size).toBe(KEYS);
  return { computed, requests };
}

describe('many who want the same claims', () => {
  for (const [maxHeld, id] of [
    [2, 'DML-REM-1125'],
    [undefined, 'DML-REM-1139'],
  ] as const)
    it(`compute each key once, with at most four requests for it on average [${id}]`, async () => {
      const { computed, requests } = await bringAll(maxHeld);
      expect(computed).toBe(KEYS);
      expect(requests / KEYS).toBeLessThanOrEqual(4);
    });
});
