import { describe, expect, it } from 'vitest';
import { DEFECTS } from './defects.ts';
import { type HistoryFacts, runHistory, type Variant } from './history.ts';

/** Histories of a test run; `test/simulation/run.child.ts` runs as many as wanted. */
const HISTORIES = 2_000;

/** Yields the seeds of the histories with or without collections. */
function* seeds(hasCollections: boolean): Generator<number, void, undefined> {
  for (let seed = 0; seed < HISTORIES; seed += 1) if ((seed % 3 !== 0) === hasCollections) yield seed;
}

/** Runs histories and returns how often their works ended in which way. */
async function runAll(hasCollections: boolean): Promise<Record<string, number>> {
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
async function findDefect(hasCollections: boolean, variant: Variant): Promise<string | undefined> {
  for (const seed of seeds(hasCollections)) {
    const found = await runHistory(seed, variant).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

describe('simulated histories', () => {
  it('of pushes and fetches keep every promise of a remote [DML-REM-0720]', {
    timeout: 300_000,
  }, async () => {
    const sums = await runAll(false);
    // They meet what they are about.
    for (const name of ['push applied', 'push nothing', 'push push_not_fast_forward', 'push push_stale'])
      expect(sums[name], name).toBeGreaterThan(20);
    for (const name of ['push push_unknown', 'push remote_busy', 'push remote_unreachable', 'merges'])
      expect(sums[name], name).toBeGreaterThan(0);
  });

  it('of collections keep every promise of a remote [DML-REM-1020]', { timeout: 300_000 }, async () => {
    const sums = await runAll(true);
    for (const name of ['push applied', 'collect applied', 'collect remote_refused', 'merges'])
      expect(sums[name], name).toBeGreaterThan(20);
    for (const name of ['collect push_unknown', 'collect remote_busy', 'collect remote_unreachable'])
      expect(sums[name], name).toBeGreaterThan(0);
  });

  it.for(Object.entries(DEFECTS.exchange))(
    'find %s [DML-REM-0720]',
    { timeout: 300_000 },
    async ([, variant]) => {
      const found = await findDefect(false, variant);
      expect(found).toMatch(/^history \d+: /);
    },
  );

  it.for(Object.entries(DEFECTS.collection))(
    'find %s [DML-REM-1020]',
    { timeout: 300_000 },
    async ([, variant]) => {
      const found = await findDefect(true, variant);
      expect(found).toMatch(/^history \d+: /);
    },
  );

  it('are the same again from the same seed [DML-REM-0720]', async () => {
    const traces: HistoryFacts[] = [await runHistory(7, {}, true), await runHistory(7, {}, true)];
    expect(traces[0]?.trace.length).toBeGreaterThan(50);
    expect(traces[1]).toEqual(traces[0]);
  });
});
