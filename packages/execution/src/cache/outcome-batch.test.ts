import { afterEach, expect, it, vi } from 'vitest';
import { Workspace } from '../../test/workspace.ts';

let workspace: Workspace | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await workspace?.close();
});

/** A run of an adapter that answers when it is asked to, by a clock that a write moves on by a minute. */
async function slowRun() {
  let nowMs = 1e12;
  workspace = await Workspace.held({ nowMs: () => nowMs });
  const { store } = workspace;
  const transact = store.transact.bind(store);
  let writes = 0;
  store.transact = (label, body) => {
    if (label === 'integrate') {
      nowMs += 60_000;
      writes += 1;
    }
    return transact(label, body);
  };
  const run = workspace.begin();
  const { held: adapter } = workspace;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  return {
    call: (count: number) => {
      for (let index = 0; index < count; index += 1) run.ask('f', [`${writes} ${index}`]);
      run.open.run.take([]);
    },
    answer: (count: number) => {
      for (const attempt of adapter.held.splice(0, count)) adapter.end('done', attempt);
    },
    pass: (ms: number): number => {
      nowMs += ms;
      vi.advanceTimersByTime(ms);
      return writes;
    },
  };
}

it('waits for calls that are under way, the longer the slower it is, and not for others [DML-EXE-2640]', async () => {
  const run = await slowRun();
  run.call(40);
  run.answer(40);
  expect(run.pass(0)).toBe(1);
  // The first write took a minute, so that outcomes wait while others may come.
  run.call(80);
  run.answer(40);
  expect(run.pass(300)).toBe(1);
  // Those were the last ones.
  run.answer(40);
  expect(run.pass(0)).toBe(2);
  run.call(2);
  run.answer(1);
  expect(run.pass(39)).toBe(2);
  run.answer(1);
  expect(run.pass(1)).toBe(3);
});
