import type { S3Surroundings } from './s3-place.ts';

/**
 * Repeats an attempt after failures, with pauses that grow and differ between clients, for as long as `allowedMs` says
 * of the failure, counted from the first attempt; 0 forbids it. Throws the last failure.
 *
 * @spec DML-REM-0610
 */
export async function repeat<Result>(
  attempt: () => Promise<Result>,
  allowedMs: (failure: unknown) => number,
  { limits, nowMs, pause, random }: S3Surroundings,
): Promise<Result> {
  const startedAtMs = nowMs();
  // The time that has passed at least, should the clock be set back.
  let pausedMs = 0;
  for (let pauseMs = limits.firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, limits.maxPauseMs)) {
    try {
      return await attempt();
    } catch (failure) {
      // Half of each pause is chance, so that those who failed together do not come back together.
      const nextMs = pauseMs * (0.5 + random() / 2);
      if (Math.max(nowMs() - startedAtMs, pausedMs) + nextMs > allowedMs(failure)) throw failure;
      await pause(nextMs);
      pausedMs += nextMs;
    }
  }
}
