import { blob } from '@daggerml/values';
import type { Attempt } from './attempts.ts';

/** Returns the entries of a receipt that belong to one call alone; undefined where there are none. */
export function ownEntries({ output, result }: Pick<Attempt, 'output' | 'result'>): object | undefined {
  const kept = output?.kept();
  const { cpuMs, peakMemoryBytes } = result?.usage ?? {};
  if (kept === undefined && cpuMs === undefined && peakMemoryBytes === undefined) return undefined;
  return {
    // @spec DML-EXE-3605
    ...(cpuMs !== undefined && { cpuMs }),
    // @spec DML-EXE-1812
    ...(peakMemoryBytes !== undefined && { peakMemoryBytes }),
    ...(kept && {
      log: {
        // @spec DML-EXE-1803
        content: blob(kept.bytes),
        runs: kept.runs,
        ...(kept.leftOut && { leftOut: kept.leftOut }),
      },
    }),
  };
}
