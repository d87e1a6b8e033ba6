import { describe, expect, it } from 'vitest';
import { noWorkerNote } from './no-worker.ts';

describe('the note that no worker takes calls', () => {
  it('says what they need, what workers offer and whom they obey [DML-EXE-2806] [DML-EXE-2820]', () => {
    expect(noWorkerNote('team', { needs: {}, offers: [] }, 'did:key:zA')).toBe(
      'no worker of team takes the calls yet; no worker has been seen in this run; start one by "dml worker"; one with --trust takes these calls only where it trusts did:key:zA',
    );
    const needs = { gpu: 2, linux: true } as const;
    expect(noWorkerNote('team', { needs, offers: [{}, { gpu: 1 }] }, undefined)).toBe(
      'no worker of team takes calls that need gpu=2, linux yet; workers seen in this run offer [nothing] or [gpu=1]; start one by "dml worker --offers gpu=2,linux"; one with --trust takes only calls that "dml run --sign <key file>" has signed, and these are not signed',
    );
    const offers = [1, 2, 3, 4, 5, 6].map((gpu) => ({ gpu }));
    expect(noWorkerNote('team', { needs: {}, offers }, undefined)).toContain('or [gpu=5] or …;');
  });
});
