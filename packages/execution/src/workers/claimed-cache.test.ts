import type { ExecId, ExecutionKey } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import type { Publication, SharedCache } from '../cache/shared-cache.ts';
import { claimedCache } from './claimed-cache.ts';

const KEY = 'ab'.repeat(32) as ExecutionKey;
const OTHER = 'cd'.repeat(32) as ExecutionKey;
const CLAIM = { executionKey: KEY, fencing: 7, leaseMs: 1_000 };
const SOURCE = { getBytes: () => undefined, missing: () => new Error('it is not there') };

/** A cache whose publications wait until they are flushed. */
class WaitingCache implements SharedCache {
  readonly published: Publication[] = [];
  #waiting: (() => void)[] = [];

  async *lookUp(): AsyncGenerator<never, void, undefined> {}

  async publish(publications: readonly Publication[]): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.published.push(...publications);
  }

  flush(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function publicationOf(executionKey: ExecutionKey): Publication {
  return { executionKey, execId: 'ef'.repeat(32) as ExecId, status: 'ok', fencing: undefined };
}

describe('the cache of a claimed job', () => {
  it('publishes under the number of the claim, what the job has computed besides without one', async () => {
    const cache = new WaitingCache();
    const claimed = claimedCache(cache, CLAIM, async () => true);
    const published = claimed.publish([publicationOf(OTHER), publicationOf(KEY)], SOURCE);
    await new Promise((resolve) => setImmediate(resolve));
    claimed.flush?.();
    await published;
    expect(cache.published.map(({ fencing }) => fencing)).toEqual([undefined, 7]);
  });

  it('lets nothing wait that was to be flushed while the claim was looked at', async () => {
    const cache = new WaitingCache();
    let answer: (isHeld: boolean) => void = () => {};
    const claimed = claimedCache(cache, CLAIM, () => new Promise((resolve) => (answer = resolve)));
    const published = claimed.publish([publicationOf(KEY)], SOURCE);
    claimed.flush?.();
    answer(true);
    await published;
    expect(cache.published).toHaveLength(1);
  });

  it('publishes nothing once the claim is lost', async () => {
    const cache = new WaitingCache();
    await claimedCache(cache, CLAIM, async () => false).publish([publicationOf(KEY)], SOURCE);
    cache.flush();
    expect(cache.published).toEqual([]);
  });
});
