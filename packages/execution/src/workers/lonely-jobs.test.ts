import type { ExecutionKey, Needs } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { LonelyJobs, type WatchedJob } from './lonely-jobs.ts';

function jobs(count: number, needs: Needs | undefined, name = 'a'): WatchedJob[] {
  return Array.from({ length: count }, (_, at) => ({ key: `${name} ${at}` as ExecutionKey, needs }));
}

function watch(claimed: ReadonlySet<string> = new Set()): { lonely: LonelyJobs; asked: string[] } {
  const asked: string[] = [];
  const lonely = new LonelyJobs(async (key) => {
    asked.push(key);
    return claimed.has(key);
  });
  return { lonely, asked };
}

describe('jobs that no worker takes', () => {
  it('are told of with what they need and what workers offer [DML-EXE-2805]', async () => {
    const { lonely, asked } = watch(new Set(['plain 0']));
    const open = [...jobs(3, {}, 'plain'), ...jobs(6, { gpu: 1 }, 'needy'), ...jobs(2, undefined, 'other')];
    expect(await lonely.look(open, [], 0)).toEqual([]);
    lonely.see({});
    lonely.see({ memoryMb: 4_000 });
    lonely.see({ memoryMb: 4_000 });
    expect(await lonely.look(open, [], 14_999)).toEqual([]);
    expect(asked).toEqual([]);
    expect(await lonely.look(open, [], 15_000)).toEqual([
      { needs: { gpu: 1 }, offers: [{}, { memoryMb: 4_000 }] },
    ]);
    // One claim is enough, and four that nobody has.
    expect(asked).toEqual(['plain 0', 'needy 0', 'needy 1', 'needy 2', 'needy 3']);
    // What was told of is not looked at any more.
    asked.length = 0;
    expect(await lonely.look(open, [], 40_000)).toEqual([]);
    expect(asked).toEqual(['plain 0']);
  });

  it('are not told of while results of such jobs come', async () => {
    const { lonely, asked } = watch();
    const open = [...jobs(2, {}, 'plain'), ...jobs(1, { gpu: 1 }, 'needy')];
    await lonely.look(open, [], 0);
    const reports = [];
    for (let nowMs = 10_000; nowMs <= 60_000; nowMs += 10_000)
      reports.push(...(await lonely.look(open, jobs(1, {}, 'done'), nowMs)));
    expect(reports).toEqual([{ needs: { gpu: 1 }, offers: [] }]);
    expect(asked).toEqual(['needy 0']);
    // Those that come later have their own time.
    await lonely.look([], [], 70_000);
    expect(await lonely.look(open, [], 80_000)).toEqual([]);
    expect(await lonely.look(open, [], 95_000)).toEqual([{ needs: {}, offers: [] }]);
  });

  it('remember no more needs and offers than people read', async () => {
    const { lonely } = watch();
    const many = Array.from({ length: 40 }, (_, at) => jobs(1, { [`gpu${at}`]: 1 }, `${at}`)).flat();
    for (const { needs } of many) lonely.see(needs ?? {});
    lonely.see({ ['x'.repeat(600)]: 1 });
    await lonely.look(many, [], 0);
    const reports = await lonely.look(many, [], 15_000);
    expect([reports.length, reports[0]?.offers.length]).toEqual([16, 16]);
    const other = watch();
    other.lonely.see({ ['x'.repeat(600)]: 1 });
    await other.lonely.look(many, [], 0);
    expect((await other.lonely.look(many, [], 15_000))[0]?.offers).toEqual([]);
  });
});
