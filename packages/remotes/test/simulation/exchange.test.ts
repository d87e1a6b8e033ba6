import { describe, expect, it } from 'vitest';
import { DEFECTS } from './defects.ts';
import { type HistoryFacts, runHistory } from './history.ts';
import { findDefect, runAll } from './test-run.ts';

describe('simulated histories', () => {
  it('of pushes and fetches keep every promise of a remote [DML-REM-0720]', {
    timeout: 300_000,
  }, async () => {
    const sums = await runAll(false);
    // They meet what they are about.
    for (const name of ['push applied', 'push nothing', 'push push_not_fast_forward', 'push push_stale'])
      expect(sums[name], name).toBeGreaterThan(20);
    expect(sums.treeMoves, 'treeMoves').toBeGreaterThan(10);
    for (const name of ['push push_unknown', 'push remote_busy', 'push remote_unreachable', 'merges'])
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

  it('are the same again from the same seed [DML-REM-0720]', async () => {
    const traces: HistoryFacts[] = [await runHistory(7, {}, true), await runHistory(7, {}, true)];
    expect(traces[0]?.trace.length).toBeGreaterThan(50);
    expect(traces[1]).toEqual(traces[0]);
  });
});
