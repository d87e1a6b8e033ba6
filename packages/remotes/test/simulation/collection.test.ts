import { describe, expect, it } from 'vitest';
import { DEFECTS } from './defects.ts';
import { findDefect, runAll } from './test-run.ts';

describe('simulated histories', () => {
  it('of collections keep every promise of a remote [DML-REM-1020]', { timeout: 300_000 }, async () => {
    const sums = await runAll(true);
    for (const name of ['push applied', 'collect applied', 'collect remote_refused', 'merges'])
      expect(sums[name], name).toBeGreaterThan(20);
    expect(sums.treeMoves, 'treeMoves').toBeGreaterThan(10);
    for (const name of ['collect push_unknown', 'collect remote_busy', 'collect remote_unreachable'])
      expect(sums[name], name).toBeGreaterThan(0);
  });

  it.for(Object.entries(DEFECTS.collection))(
    'find %s [DML-REM-1020]',
    { timeout: 300_000 },
    async ([, variant]) => {
      const found = await findDefect(true, variant);
      expect(found).toMatch(/^history \d+: /);
    },
  );
});
