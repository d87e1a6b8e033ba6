import { describe, expect, it } from 'vitest';
import { noWorkerNote } from './no-worker.ts';

describe('the note that no worker takes calls', () => {
  it('says what they need and what workers offer [DML-EXE-2806]', () => {
    expect(noWorkerNote('team', { needs: {}, offers: [] })).toBe(
      'no worker of team takes the calls yet; no worker has been seen in this run; start one by "dml worker"',
    );
    const needs = { gpu: 2, linux: true } as const;
    expect(noWorkerNote('team', { needs, offers: [{}, { gpu: 1 }] })).toBe(
      'no worker of team takes calls that need gpu=2, linux yet; workers seen in this run offer [nothing] or [gpu=1]; start one by "dml worker --offers gpu=2,linux"',
    );
    const offers = [1, 2, 3, 4, 5, 6].map((gpu) => ({ gpu }));
    expect(noWorkerNote('team', { needs: {}, offers })).toContain('or [gpu=5] or …;');
  });
});
