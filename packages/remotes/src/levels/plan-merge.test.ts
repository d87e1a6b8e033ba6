import { SeededRandom } from '@daggerml/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GroupEntry, GroupKind } from '../format/group.ts';
import { SEGMENT_BYTES } from '../format/segment.ts';
import { planMerge } from './plan-merge.ts';

/** Bytes of a segment without records, and of an index object of one segment without rows. */
const EMPTY_SEGMENT = 18;
const EMPTY_INDEX = 20 + 114 + 1024;
const ROW_BYTES = 45;

let made = 0;

/** Returns a group as it is written for records that take some bytes in their segments. */
function groupOf(recordBytes: number, entries: number, kind: GroupKind = 'objects'): GroupEntry {
  made += 1;
  return {
    bytes: EMPTY_INDEX + entries * ROW_BYTES,
    entries,
    index: `index ${made}`,
    kind,
    segments: [{ bytes: EMPTY_SEGMENT + recordBytes, file: `segment ${made}` }],
  };
}

function recordBytesOf({ segments }: GroupEntry): number {
  return segments.reduce((sum, { bytes }) => sum + bytes - EMPTY_SEGMENT, 0);
}

function sizeOf(group: GroupEntry): number {
  return group.bytes + segmentSizeOf(group);
}

function segmentSizeOf({ segments }: GroupEntry): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}

interface Simulated {
  readonly groups: readonly GroupEntry[];
  /** Most groups below half of a segment that a state listed. */
  readonly mostSmall: number;
  readonly pushedBytes: number;
  readonly mergedBytes: number;
  /** Most bytes that one push read and wrote for its merge. */
  readonly mostAtOnce: number;
}

/** Pushes groups one by one, each push merging as it is planned. */
function simulate(
  count: number,
  next: (push: number) => GroupEntry,
  segmentBytes: number = SEGMENT_BYTES,
): Simulated {
  let groups: GroupEntry[] = [];
  let [mostSmall, pushedBytes, mergedBytes, mostAtOnce] = [0, 0, 0, 0];
  for (let push = 0; push < count; push += 1) {
    const pushed = next(push);
    pushedBytes += sizeOf(pushed);
    groups.push(pushed);
    const chosen = planMerge(groups, segmentBytes);
    if (chosen.length > 0) {
      const merged = groupOf(
        chosen.reduce((sum, group) => sum + recordBytesOf(group), 0),
        chosen.reduce((sum, { entries }) => sum + entries, 0),
      );
      groups = [...groups.filter((group) => !chosen.includes(group)), merged];
      mergedBytes += sizeOf(merged);
      mostAtOnce = Math.max(
        mostAtOnce,
        chosen.reduce((sum, group) => sum + sizeOf(group), 0) + sizeOf(merged),
      );
    }
    const small = groups.filter((group) => sizeOf(group) * 2 < segmentBytes).length;
    mostSmall = Math.max(mostSmall, small);
  }
  return { groups, mostSmall, pushedBytes, mergedBytes, mostAtOnce };
}

/** Sizes of pushes, with the number of their records. */
const pushSizes = [
  [300, 3],
  [2_000, 10],
  [40_000, 100],
  [500_000, 400],
  [3_000_000, 30_000],
  [9_000_000, 100],
  [30_000_000, 3_000],
] as const;

describe('planMerge', () => {
  it.each(pushSizes)(
    'leaves O(log n) groups after n pushes of %i bytes in %i records [DML-REM-0512]',
    (bytes, entries) => {
      for (const count of [1, 3, 4, 30, 300, 3_000]) {
        const { mostSmall } = simulate(count, () => groupOf(bytes, entries));
        expect(mostSmall).toBeLessThanOrEqual(3 * (1 + Math.log2(count)));
      }
    },
  );

  it('leaves full groups and loose ones as they are, however many there are [DML-REM-0512]', () => {
    const half = SEGMENT_BYTES / 2;
    const full = Array.from({ length: 50 }, () => groupOf(half - EMPTY_SEGMENT - EMPTY_INDEX, 0));
    const below = Array.from({ length: 4 }, () => groupOf(half - EMPTY_SEGMENT - EMPTY_INDEX - 1, 0));
    const loose = Array.from({ length: 50 }, () => groupOf(100, 1, 'loose'));
    expect(planMerge([...full, ...loose])).toEqual([]);
    expect(planMerge([...full, ...below, ...loose]).every((group) => below.includes(group))).toBe(true);
    expect(planMerge([...full, ...below, ...loose]).length).toBeGreaterThan(1);
  });

  it.each(pushSizes)(
    'writes O(log n) times what n pushes of %i bytes in %i records brought [DML-REM-0514]',
    (bytes, entries) => {
      for (const count of [4, 30, 300, 3_000]) {
        const { pushedBytes, mergedBytes } = simulate(count, () => groupOf(bytes, entries));
        expect(mergedBytes / pushedBytes).toBeLessThanOrEqual(Math.log2(count));
      }
    },
  );

  it('keeps all of that over 10,000 pushes of random sizes [DML-REM-0512] [DML-REM-0514]', () => {
    for (const seed of [1, 2, 3]) {
      const random = new SeededRandom(seed);
      const next = (): GroupEntry =>
        groupOf(200 * 2 ** random.below(17) + random.below(500), 1 + random.below(300));
      const { mostSmall, pushedBytes, mergedBytes } = simulate(10_000, next);
      expect(mostSmall).toBeLessThanOrEqual(3 * Math.log2(10_000));
      expect(mergedBytes / pushedBytes).toBeLessThanOrEqual(Math.log2(10_000));
    }
  });

  it('reads and writes at most twice the size of a segment with one push [DML-REM-0513]', () => {
    const size = fc.record({
      bytes: fc.oneof(
        fc.integer({ min: 1, max: 40_000_000 }),
        fc.integer({ min: 1, max: 3_000 }),
        fc.constantFrom(16_000_000, 33_000_000),
      ),
      entries: fc.oneof(fc.nat(2_000), fc.nat(500_000)),
    });
    const sizes = fc.array(size, { minLength: 1, maxLength: 60 });
    const segmentBytes = fc.constantFrom(SEGMENT_BYTES, 1_000_000, 24_000_000, 100_000_000);
    fc.assert(
      fc.property(sizes, segmentBytes, (pushes, segment) => {
        const next = (push: number): GroupEntry => {
          const { bytes, entries } = pushes[push] as (typeof pushes)[number];
          return groupOf(bytes, entries);
        };
        const { mostAtOnce, groups } = simulate(pushes.length, next, segment);
        expect(mostAtOnce).toBeLessThanOrEqual(2 * segment);
        const records = pushes.reduce((sum, { bytes }) => sum + bytes, 0);
        expect(groups.reduce((sum, group) => sum + recordBytesOf(group), 0)).toBe(records);
      }),
    );
    for (const [bytes, entries] of pushSizes) {
      const { mostAtOnce } = simulate(500, () => groupOf(bytes, entries));
      expect(mostAtOnce).toBeLessThanOrEqual(2 * SEGMENT_BYTES);
    }
  });

  it('merges groups of one kind, which it returns in the order of the state', () => {
    const kinds = fc.array(fc.tuple(fc.constantFrom('objects', 'cache', 'loose'), fc.nat(3_000_000)), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(kinds, (parts) => {
        const groups = parts.map(([kind, bytes]) => groupOf(bytes, 1, kind as GroupKind));
        const chosen = planMerge(groups);
        expect(chosen).toEqual(groups.filter((group) => chosen.includes(group)));
        expect(new Set(chosen.map(({ kind }) => kind)).size).toBeLessThanOrEqual(1);
        expect(chosen.some(({ kind }) => kind === 'loose')).toBe(false);
        expect(chosen.length).not.toBe(1);
      }),
    );
  });

  it('plans a merge of two at least wherever four of a kind are of one level', () => {
    const two = [15_999_999, 15_999_999, 31_999_999, 31_999_999].map((bytes) => groupOf(bytes, 1));
    for (const segmentBytes of [SEGMENT_BYTES, 64_100_000]) {
      const chosen = planMerge(
        [...two, ...two.map((group) => groupOf(recordBytesOf(group), 1))],
        segmentBytes,
      );
      expect(chosen.length).toBeGreaterThanOrEqual(2);
    }
    expect(planMerge([1, 2, 3].map((bytes) => groupOf(bytes, 1)))).toEqual([]);
  });
});
