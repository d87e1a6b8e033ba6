import { describe, expect, it } from 'vitest';
import { remoteOver } from '../../test/fixtures.ts';
import { unanswered } from '../../test/watched-files.ts';
import { remoteError } from '../errors.ts';
import type { RemoteFiles, SwapAnswer } from '../files/remote-files.ts';
import { encodeCurrent } from '../format/current.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { type SwapOfCurrent, type SwapOutcome, swapCurrent } from './swap-current.ts';

const SWAP: SwapOfCurrent = {
  expected: null,
  sequence: 0,
  state: `0-0-${'a'.repeat(64)}`,
  write: '11111111-2222-4333-8444-555555555555',
};

/** Puts a state in effect through files whose tries end as they are told. */
async function swapThrough(
  tries: (number: number, send: () => Promise<SwapAnswer>) => Promise<SwapAnswer>,
  others: Partial<RemoteFiles> = {},
): Promise<SwapOutcome> {
  const files = new MemoryRemote().open();
  let number = 0;
  const swap: RemoteFiles['swap'] = (path, expected, bytes) => {
    number += 1;
    return tries(number, () => files.swap(path, expected, bytes));
  };
  return await swapCurrent(remoteOver({ ...files, swap, ...others }), SWAP);
}

describe('swapCurrent', () => {
  it('does not know what became of a try that is under way, where a later one has no connection [DML-REM-0703]', async () => {
    const outcome = await swapThrough(async (number) => {
      if (number > 1) throw unanswered();
      return { outcome: 'unknown', cause: undefined };
    });
    expect(outcome).toMatchObject({ outcome: 'unknown', cause: { code: 'remote_unreachable' } });
  });

  it('finds the effect of an earlier try, where a later one has no connection [DML-REM-0702]', async () => {
    const outcome = await swapThrough(async (number, send) => {
      if (number === 1) return { outcome: 'unknown', cause: undefined };
      // The first one arrives now.
      await send();
      throw unanswered();
    });
    expect(outcome).toMatchObject({ outcome: 'applied' });
  });

  it('does not know what became of a try where it may not read back [DML-REM-0703]', async () => {
    const cause = remoteError('remote_refused', { remote: 'memory', operation: 'read', reason: 'expired' });
    const readVersion = async (): Promise<never> => {
      throw cause;
    };
    const refused = await swapThrough(async () => ({ outcome: 'refused' }), { readVersion });
    expect(refused).toEqual({ outcome: 'unknown', cause });
    const lost = await swapThrough(async () => ({ outcome: 'unknown', cause: 'lost' }), { readVersion });
    expect(lost).toEqual({ outcome: 'unknown', cause: 'lost' });
  });

  it.each(['nothing', 'itself', 'another'] as const)(
    'knows what became of a try without an answer where it finds %s [DML-REM-0703]',
    async (kind) => {
      const { state, write, sequence } = SWAP;
      const found = {
        nothing: undefined,
        itself: { state, write, sequence },
        another: { state: `0-0-${'b'.repeat(64)}`, write: write.replaceAll('1', '9'), sequence },
      }[kind];
      const file = { bytes: encodeCurrent(found ?? SWAP), version: 'found' };
      let readings = 0;
      const readVersion = async (): Promise<typeof file | undefined> => {
        readings += 1;
        // Reading back is tried again as well.
        if (readings < 3) throw unanswered();
        return found && file;
      };
      const outcome = await swapThrough(
        async (number) => ({ outcome: number === 1 ? 'unknown' : 'applied', cause: 'lost', version: 'next' }),
        { readVersion },
      );
      expect(outcome).toMatchObject(
        {
          nothing: { outcome: 'applied', version: 'next' },
          itself: { outcome: 'applied', version: 'found' },
          another: { outcome: 'refused' },
        }[kind],
      );
      expect(readings).toBe(3);
    },
  );

  it('passes on why its first try had no effect [DML-REM-0702]', async () => {
    const failing = swapThrough(async () => {
      throw unanswered();
    });
    await expect(failing).rejects.toMatchObject({ code: 'remote_unreachable' });
  });
});
