import { expect } from 'vitest';
import { applyExcision, planExcision } from '../src/excision/excise.ts';
import type { ObjectName } from '../src/excision/plan.ts';
import type { Store } from '../src/store.ts';

export const EXCISION_FACTS = { reason: 'personal-data', message: 'asked to forget', actor: 'ada' } as const;

/** Excises objects as their owner would. */
export async function excise(store: Store, ...objects: readonly ObjectName[]): Promise<void> {
  applyExcision(store, await planExcision(store, { objects }), EXCISION_FACTS);
}

/** Matches the error of a read that meets a tombstone. */
export const EXCISED = expect.objectContaining({ detail: 'excised' });
