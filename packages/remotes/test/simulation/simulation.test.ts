import { describe, expect, it } from 'vitest';
import { runHistory } from './history.ts';

describe('simulated histories', () => {
  it('probe', async () => {
    const total: Record<string, number> = {};
    const failures: string[] = [];
    const start = performance.now();
    let steps = 0;
    for (let seed = 0; seed < 1000; seed += 1) {
      try {
        const facts = await runHistory(seed);
        steps += facts.steps;
        for (const [key, value] of Object.entries({ ...facts.outcomes, merges: facts.merges, collections: facts.collections, states: facts.states })) total[key] = (total[key] ?? 0) + value;
      } catch (error) {
        failures.push((error as Error).message.slice(0,300));
      }
    }
    console.log(performance.now() - start, steps, total, failures.length, failures.slice(0, 15).join('\n'));
    expect(1).toBe(1);
  }, 100_000);
});
