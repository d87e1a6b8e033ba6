import { describe, expect, it } from 'vitest';
import type { RemoteClaim } from '../format/claim.ts';
import { stepOf } from './claim-machine.ts';

const LEASE_MS = 10_000;
const NOW_MS = 1_000_000;

function claim(claimedMs: number, state: RemoteClaim['state'] = 'held'): RemoteClaim {
  return {
    claimedMs,
    execution: '00000000-0000-4000-8000-000000000000',
    fencing: 1,
    leaseMs: LEASE_MS,
    outcome: null,
    owner: 'ada',
    state,
    write: '00000000-0000-4000-8000-000000000001',
  };
}

describe('the step of somebody who wants a claim', () => {
  it('counts a lease from the future from the first sight of its version [DML-REM-1932]', () => {
    const ahead = claim(NOW_MS + 3_600_000);
    const stepAfter = (unchangedMs: number, found = ahead): object =>
      stepOf(found, NOW_MS + unchangedMs, { firstMs: NOW_MS, unchangedMs });
    expect(stepAfter(0)).toEqual({ type: 'follow', leftMs: LEASE_MS });
    expect(stepAfter(LEASE_MS - 1)).toEqual({ type: 'follow', leftMs: 1 });
    expect(stepAfter(LEASE_MS)).toEqual({ type: 'take-over', isFree: false });
    // One that is ahead by less than its lease is waited for no longer.
    expect(stepAfter(LEASE_MS, claim(NOW_MS + 1))).toEqual({ type: 'take-over', isFree: false });
    // A version that was seen just now has its whole lease, however long others were seen.
    expect(stepOf(ahead, NOW_MS + 50_000, { firstMs: NOW_MS + 50_000, unchangedMs: 0 })).toEqual({
      type: 'follow',
      leftMs: LEASE_MS,
    });
    expect(stepAfter(0, claim(NOW_MS + 3_600_000, 'released'))).toEqual({ type: 'take-over', isFree: true });
  });

  it('measures any other lease by the clock of the remote alone [DML-REM-1115]', () => {
    const usual = claim(NOW_MS);
    const seen = { firstMs: NOW_MS, unchangedMs: 10 * LEASE_MS };
    expect(stepOf(usual, NOW_MS + LEASE_MS - 1, seen)).toEqual({ type: 'follow', leftMs: 1 });
    expect(stepOf(usual, NOW_MS + LEASE_MS, { ...seen, unchangedMs: 0 })).toEqual({
      type: 'take-over',
      isFree: false,
    });
  });
});
