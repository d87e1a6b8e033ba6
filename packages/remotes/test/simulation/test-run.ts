import { runHistory, type Variant } from './history.ts';

/** Histories of a test run; `run.child.ts` runs as many as wanted. */
export const HISTORIES = 2_000;

/** Yields the seeds of the histories with or without collections. */
function* seeds(hasCollections: boolean): Generator<number, void, undefined> {
  for (let seed = 0; seed < HISTORIES; seed += 1) if ((seed % 3 !== 0) === hasCollections) yield seed;
}

/** Runs histories and returns how often their works ended in which way. */
export async function runAll(hasCollections: boolean): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  const add = (name: string, count: number): void => {
    sums[name] = (sums[name] ?? 0) + count;
  };
  for (const seed of seeds(hasCollections)) {
    const { outcomes, trace: _, ...counts } = await runHistory(seed);
    for (const [name, count] of Object.entries({ ...outcomes, ...counts })) add(name, count);
  }
  return sums;
}

/** Returns what a history with a defect breaks. */
export async function findDefect(hasCollections: boolean, variant: Variant): Promise<string | undefined> {
  for (const seed of seeds(hasCollections)) {
    const found = await runHistory(seed, variant).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}
