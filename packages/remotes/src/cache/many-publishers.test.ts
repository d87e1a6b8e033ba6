import { SeededRandom } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { remoteOver } from '../../test/fixtures.ts';
import { gatherClockOf } from '../../test/model-clocks.ts';
import { HeldObjects, outcomeOf } from '../../test/outcome.ts';
import { Timeline } from '../../test/timeline.ts';
import { watchedFiles } from '../../test/watched-files.ts';
import type { Remote } from '../remote.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { RemoteCache } from './remote-cache.ts';

/** Time that a request takes at least; others take up to three times as long. */
const REQUEST_MS = 20;

/** Lets members publish an outcome each in the same second, twice; returns requests for a publication, and their time. */
async function publishAll(members: number): Promise<{ requests: number; seconds: number }> {
  const time = new Timeline();
  const memory = new MemoryRemote({ nowMs: () => time.nowMs });
  const beganMs = time.nowMs;
  const keys = new HeldObjects();
  let requests = 0;
  const publish = async (number: number): Promise<void> => {
    const random = new SeededRandom(number);
    const files = watchedFiles(memory.open(), async (_, phase) => {
      if (phase === 'before') await time.sleep(REQUEST_MS + random.below(2 * REQUEST_MS));
    });
    const clock = { now: () => time.nowMs, sleep: (ms: number) => time.sleep(ms) };
    const remote: Remote = { ...remoteOver(files, number), clock };
    const cache = new RemoteCache(remote, { gatherClock: gatherClockOf(time) });
    const held = new HeldObjects();
    for (const round of [1, 2]) {
      await time.sleep(random.below(1_000));
      await cache.publish([outcomeOf(held, `input ${number} ${round}`, { fencing: 1 })], held);
    }
    requests += files.requests.length;
  };
  let isOver = false;
  const all = Promise.all(Array.from({ length: members }, (_, number) => publish(number + 1))).finally(() => {
    isOver = true;
  });
  await time.run(() => isOver);
  await all;
  const reader = new RemoteCache(remoteOver(memory.open(), members + 1));
  let found = 0;
  const asked = Array.from({ length: members }, (_, number) =>
    [1, 2].map((round) => outcomeOf(keys, `input ${number + 1} ${round}`).executionKey),
  ).flat();
  for await (const part of reader.lookUp(asked)) found += part.size;
  expect(found).toBe(members * 2);
  return { requests: requests / found, seconds: (time.nowMs - beganMs) / 1_000 };
}

describe('many who publish at the same time', () => {
  it('take a limited number of requests for each publication [DML-REM-1133]', { timeout: 600_000 }, async () => {
    for (const n of [1, 2, 8, 32, 64, 128, 256]) console.log(n, JSON.stringify(await publishAll(n)));
  });
});
