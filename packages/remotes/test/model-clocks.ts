import type { GatherClock } from '../src/cache/gather-publications.ts';
import type { Timeline } from './timeline.ts';

/** Returns timers of a time of a test. */
export function gatherClockOf(time: Timeline): GatherClock {
  return {
    monotonicMs: () => time.nowMs,
    callAfter: (ms, act) => {
      let isCancelled = false;
      void time.sleep(ms).then(() => {
        if (!isCancelled) act();
      });
      return () => {
        isCancelled = true;
      };
    },
  };
}
