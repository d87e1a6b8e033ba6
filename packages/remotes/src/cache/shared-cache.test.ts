import { describe, expect, it } from 'vitest';
import { HeldObjects, joinCache, outcomeOf, outcomesOf } from '../../test/outcomes.ts';
import { readSnapshot } from '../state/read-snapshot.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';

describe('the shared cache of a remote', () => {
  it('answers what was published', async () => {
    const memory = new MemoryRemote();
    const [ours, theirs] = [joinCache(memory), joinCache(memory)];
    const outcomes = outcomesOf(ours.held, 10);
    expect(await theirs.found(outcomes)).toEqual(outcomes.map(() => undefined));
    await ours.publish(outcomes);
    await theirs.later();
    theirs.files.requests.length = 0;
    expect(await theirs.found(outcomes)).toEqual(outcomes.map(({ execId }) => execId));
    console.log(theirs.files.requests);
  });

  it('merges', async () => {
    const memory = new MemoryRemote();
    const [ours, theirs] = [joinCache(memory), joinCache(memory)];
    const all = [];
    for (let at = 0; at < 40; at++) {
      const outcomes = outcomesOf(ours.held, 10, `batch ${at}`);
      all.push(...outcomes);
      await ours.publish(outcomes);
    }
    const { state } = await readSnapshot(ours.files);
    console.log(ours.files.requests.length, state.groups.length, state.caches.length);
    expect(await theirs.found(all)).toEqual(all.map(({ execId }) => execId));
    console.log(theirs.files.requests);
  });
});
