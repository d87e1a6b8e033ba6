import type { ExecId } from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import type { RecordReader } from '../workspace/record-reader.ts';
import { type Fields, ranExecOf, receiptOf } from './receipt-of.ts';

/** Resources that a call used, as far as its receipt names them. */
export interface UsedResources {
  readonly cpuMs: number | undefined;
  readonly peakMemoryBytes: number | undefined;
}

/** Returns the resources that a receipt names; what is no number counts as absent. */
export function usedResources({ cpuMs, peakMemoryBytes }: Fields): UsedResources {
  return { cpuMs: numberOf(cpuMs), peakMemoryBytes: numberOf(peakMemoryBytes) };
}

/** Returns the resources that the call of an outcome used when it ran. */
export function resourcesOfExec(reader: RecordReader, execId: ExecId): UsedResources {
  const receipt = ifReadable(() => {
    const exec = ranExecOf(reader, execId);
    return exec && receiptOf(reader, exec);
  });
  return usedResources(receipt ?? {});
}

function numberOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
