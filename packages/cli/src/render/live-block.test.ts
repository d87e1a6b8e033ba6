import { describe, expect, it } from 'vitest';
import { liveBlock, type RunStanding } from './live-block.ts';
import { RunPace } from './run-pace.ts';

const STANDING: RunStanding = {
  executed: 1200,
  cached: 30,
  failed: 2,
  done: 1232,
  known: 2000,
  perSecond: 12.4,
  running: Array.from({ length: 9 }, (_, at) => ({ call: `fit(${at})`, elapsedMs: 9000 - at * 1000 })),
};

describe('the live block of a run', () => {
  it('shows what is done of what is known, pace, rest and the oldest calls with their age [DML-CLI-1972]', () => {
    expect(liveBlock(STANDING, 20)).toEqual([
      '  1,232 of 2,000 done (1,200 executed, 30 cached, 2 failed), 12 a second, about 1 min 2 s left',
      '  running  fit(0)  9.0 s',
      '  running  fit(1)  8.0 s',
      '  running  fit(2)  7.0 s',
      '  running  fit(3)  6.0 s',
      '  running  fit(4)  5.0 s',
      '  running  fit(5)  4.0 s',
      '  … 3 more running',
    ]);
  });

  it('shows calls that wait for others below those that run [DML-CLI-3804]', () => {
    const waiting = Array.from({ length: 5 }, (_, at) => ({ call: `cut(${at})  for ada`, elapsedMs: 2000 }));
    const running = STANDING.running.slice(0, 4);
    expect(liveBlock({ ...STANDING, running, waiting }, 20).slice(1)).toEqual([
      '  running  fit(0)  9.0 s',
      '  running  fit(1)  8.0 s',
      '  running  fit(2)  7.0 s',
      '  running  fit(3)  6.0 s',
      '  waiting  cut(0)  for ada  2.0 s',
      '  waiting  cut(1)  for ada  2.0 s',
      '  … 3 more waiting',
    ]);
    expect(liveBlock({ ...STANDING, waiting }, 20).at(-1)).toBe('  … 3 more running, 5 more waiting');
    expect(liveBlock({ ...STANDING, running: [], waiting }, 4)).toHaveLength(4);
  });

  it('says nothing that is not known, and takes no more lines than there are', () => {
    const early = {
      ...STANDING,
      executed: 0,
      cached: 0,
      failed: 0,
      done: 0,
      known: undefined,
      perSecond: undefined,
    };
    expect(liveBlock({ ...early, running: STANDING.running.slice(0, 1) }, 20)).toEqual([
      '  0 done',
      '  running  fit(0)  9.0 s',
    ]);
    expect(liveBlock(STANDING, 4)).toHaveLength(4);
    expect(liveBlock({ ...STANDING, perSecond: 0.25 }, 1)[0]).toContain(
      '15.0 a minute, about 51 min 12 s left',
    );
    expect(liveBlock({ ...STANDING, perSecond: 2.5, done: 2000 }, 1)[0]).toMatch(/2\.5 a second$/);
  });
});

describe('RunPace', () => {
  it('says nothing before three seconds, and follows the last thirty', () => {
    const pace = new RunPace(0);
    for (let ms = 0; ms < 2000; ms += 100) pace.add(ms);
    expect(pace.perSecond(2900)).toBeUndefined();
    expect(pace.perSecond(4000)).toBe(5);
    for (let ms = 2000; ms <= 100_000; ms += 500) pace.add(ms);
    expect(pace.perSecond(100_000)).toBeGreaterThan(1.8);
    expect(pace.perSecond(100_000)).toBeLessThan(2.2);
    expect(new RunPace(0).perSecond(9000)).toBeUndefined();
  });
});
