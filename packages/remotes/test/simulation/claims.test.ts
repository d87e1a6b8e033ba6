import { describe, expect, it } from 'vitest';
import { CLAIM_DEFECTS } from './claim-defects.ts';
import { type ClaimFacts, runClaims } from './claim-history.ts';
import { HISTORIES } from './test-run.ts';

describe('simulated histories of claims', () => {
  it('keep every promise of a claim and bring everybody all outcomes [DML-REM-1126] [DML-REM-1127]', {
    timeout: 300_000,
  }, async () => {
    const sums: Record<string, number> = {};
    for (let seed = 0; seed < HISTORIES; seed += 1)
      for (const [name, count] of Object.entries((await runClaims(seed)).outcomes))
        sums[name] = (sums[name] ?? 0) + count;
    // They meet what they are about.
    for (const name of [
      'claim claimed',
      'claim held',
      'claim known',
      'claim unknown',
      'takeovers',
      'renew applied',
      'renew refused',
      'renew unknown',
      'release applied',
      'release refused',
      'finish applied',
      'finish refused',
      'cancelled',
      'planted',
    ])
      expect(sums[name], name).toBeGreaterThan(20);
  });

  it.for(Object.entries(CLAIM_DEFECTS))(
    'find %s [DML-REM-1126]',
    { timeout: 300_000 },
    async ([, { variant, breaks }]) => {
      let found: string | undefined;
      for (let seed = 0; seed < HISTORIES && found === undefined; seed += 1)
        found = await runClaims(seed, variant).then(
          () => undefined,
          (error: Error) => error.message,
        );
      expect(found).toMatch(breaks);
    },
  );

  it('are the same again from the same seed [DML-REM-1126]', async () => {
    const facts: ClaimFacts[] = [await runClaims(7, {}, true), await runClaims(7, {}, true)];
    expect(facts[0]?.trace.length).toBeGreaterThan(20);
    expect(facts[1]).toEqual(facts[0]);
  });
});
