import { SeededRandom } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { remoteOver } from '../../test/fixtures.ts';
import { HeldObjects, outcomeOf } from '../../test/outcome.ts';
import { Timeline } from '../../test/timeline.ts';
import { watchedFiles } from '../../test/watched-files.ts';
import type { Remote } from '../remote.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { RemoteCache } from './remote-cache.ts';

/** Time that a request takes at least; others take up to three times as long. */
const REQUEST_MS = 20;
const ROUNDS = [1, 2];

/** Lets members publish an outcome each in the same second, twice; returns what a publication takes on average. */
async function publishAll(members: number): Promise<{ tries: number; requests: number }> {
  const time = new Timeline();
  const memory = new MemoryRemote({ nowMs: () => time.nowMs });
  const requests: string[] = [];
  const publish = async (number: number): Promise<void> => {
    const random = new SeededRandom(number);
    const files = watchedFiles(memory.open(), async (_, phase) => {
      if (phase === 'before') await time.sleep(REQUEST_MS + random.below(2 * REQUEST_MS));
    });
    const clock = { now: () => time.nowMs, sleep: (ms: number) => time.sleep(ms) };
    const remote: Remote = { ...remoteOver(files, number), clock };
    const cache = new RemoteCache(remote, { gatherClock: time.gatherClock });
    const held = new HeldObjects();
    for (const round of ROUNDS) {
      await time.sleep(random.below(1_000));
      await cache.publish([outcomeOf(held, `input ${number} ${round}`, { fencing: 1 })], held);
    }
    requests.push(...files.requests);
  };
  let isOver = false;
  const all = Promise.all(Array.from({ length: members }, (_, number) => publish(number + 1))).finally(() => {
    isOver = true;
  });
  await time.run(() => isOver);
  await all;
  const reader = new RemoteCache(remoteOver(memory.open(), members + 1));
  const held = new HeldObjects();
  const asked = Array.from({ length: members }, (_, number) =>
    ROUNDS.map((round) => outcomeOf(held, `input ${number + 1} ${round}`).executionKey),
  ).flat();
  let found = 0;
  for await (const part of reader.lookUp(asked)) found += part.size;
  expect(found).toBe(members * ROUNDS.length);
  const tries = requests.filter((request) => request === 'swap CURRENT.json').length;
  return { tries: tries / found, requests: requests.length / found };
}

describe('many who publish at the same time', () => {
  for (const [members, atMost] of [
    [8, 30],
    [64, 60],
    [128, 70],
  ] as const)
    it(`${members} of them take at most five tries for a publication, and few requests [DML-REM-1138]`, async () => {
      const { tries, requests } = await publishAll(members);
      expect(tries).toBeLessThanOrEqual(5);
      expect(requests).toBeLessThanOrEqual(atMost);
    });
});
