import { formatSize } from '@daggerml/object-model';
import type { UsedResources } from '@daggerml/repository';
import { formatDuration } from './quantities.ts';

/** Returns the resources that a call used in words; empty where none are known. @spec DML-CLI-3703 */
export function resourcesText({ cpuMs, peakMemoryBytes }: UsedResources): string {
  return [
    ...(cpuMs === undefined ? [] : [`${formatDuration(cpuMs)} of processor time`]),
    ...(peakMemoryBytes === undefined ? [] : [`${formatSize(peakMemoryBytes)} of memory`]),
  ].join(', ');
}

/** Returns the same for `--json`. */
export function resourcesJson({
  cpuMs,
  peakMemoryBytes,
}: UsedResources): Record<keyof UsedResources, number | null> {
  return { cpuMs: cpuMs ?? null, peakMemoryBytes: peakMemoryBytes ?? null };
}
