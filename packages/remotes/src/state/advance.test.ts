import { describe, expect, it } from 'vitest';
import { plantState } from '../../test/damage.ts';
import { remoteOver } from '../../test/fixtures.ts';
import { watchedFiles } from '../../test/watched-files.ts';
import type { Remote } from '../remote.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { advance } from './advance.ts';

/** Loses the compare-and-swap so many times, with tries that take `tryMs`, and returns the pauses between them. */
async function pausesOf(
  losses: number,
  { tryMs, random }: { tryMs: number; random: number },
): Promise<number[]> {
  const memory = new MemoryRemote();
  const others = remoteOver(memory.open(), 2);
  let nowMs = 0;
  let left = losses;
  const pauses: number[] = [];
  const files = watchedFiles(memory.open(), async ({ operation }, phase) => {
    if (operation !== 'swap' || phase !== 'before' || left === 0) return;
    left -= 1;
    nowMs += tryMs;
    await advance(others, async () => ({ reason: 'faster' }));
  });
  const sleep = async (ms: number): Promise<void> => {
    pauses.push(Math.round(ms));
    nowMs += ms;
  };
  const remote: Remote = {
    ...remoteOver(files),
    limitMs: 3_600_000,
    clock: { now: () => nowMs, sleep },
    randomBytes: (count) => new Uint8Array(count).fill(random),
  };
  expect((await advance(remote, async () => ({ reason: 'late' }))).isChanged).toBe(true);
  return pauses;
}

describe('a writer that loses the compare-and-swap', () => {
  it('pauses the longer the more often it loses and the longer a try takes [DML-REM-1133]', async () => {
    const longest = [400, 800, 1_600, 3_200, 6_400, 12_800, 12_800];
    expect(await pausesOf(7, { tryMs: 100, random: 255 })).toEqual(longest);
    expect(await pausesOf(7, { tryMs: 100, random: 0 })).toEqual(longest.map(() => 0));
    const half = await pausesOf(3, { tryMs: 100, random: 128 });
    expect(half).toEqual([201, 402, 803]);
    expect(await pausesOf(5, { tryMs: 1_000, random: 255 })).toEqual([4_000, 8_000, 16_000, 30_000, 30_000]);
  });
});

describe('a state with the highest sequence', () => {
  it('is followed by none, and refused before a file is put [DML-REM-1926]', async () => {
    const memory = new MemoryRemote();
    const files = watchedFiles(memory.open());
    const last = Number.MAX_SAFE_INTEGER;
    await advance(remoteOver(memory.open()), async () => ({ reason: 'first' }));
    await plantState(memory, (state) => ({
      ...state,
      sequence: last,
      previous: `0-${last - 1}-${'a'.repeat(64)}`,
    }));
    await expect(advance(remoteOver(files), async () => ({ reason: 'next' }))).rejects.toMatchObject({
      code: 'remote_damaged',
      detail: 'numbers',
      fields: { path: 'CURRENT.json' },
    });
    expect(files.requests.filter((request) => !/^read/.test(request))).toEqual([]);
    // One below is followed by it.
    const other = new MemoryRemote();
    await advance(remoteOver(other.open()), async () => ({ reason: 'first' }));
    await plantState(other, (state) => ({
      ...state,
      sequence: last - 1,
      previous: `0-${last - 2}-${'a'.repeat(64)}`,
    }));
    const { snapshot } = await advance(remoteOver(other.open()), async () => ({ reason: 'next' }));
    expect(snapshot.state.sequence).toBe(last);
  });
});
