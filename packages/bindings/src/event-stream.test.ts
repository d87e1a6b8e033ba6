import type { RunEvent } from '@daggerml/execution';
import { describe, expect, it } from 'vitest';
import { EventStream, KEPT_EVENTS } from './event-stream.ts';

const event = (sequence: number): RunEvent => ({
  runId: 'run',
  sequence,
  timeMs: 0,
  type: 'value-progress',
  members: sequence,
});

/** Reads to the end and returns the sequences; a gap is its size, negative. */
async function read(stream: EventStream): Promise<number[]> {
  const all: number[] = [];
  for await (const each of stream) all.push(each.type === 'missed' ? -each.count : each.sequence);
  return all;
}

describe('the events of a run', () => {
  it('are read by each reader from the first to the end, whenever it begins [DML-BND-1863]', async () => {
    const stream = new EventStream();
    const early = [read(stream), read(stream)];
    for (let at = 0; at < 3; at += 1) {
      stream.push(event(at));
      await Promise.resolve();
    }
    const within = read(stream);
    stream.push(event(3));
    stream.end();
    expect(await Promise.all([...early, within, read(stream)])).toEqual(Array(4).fill([0, 1, 2, 3]));
  });

  it('name how many a reader has missed that is too far behind [DML-BND-1864]', async () => {
    const stream = new EventStream();
    const reader = stream[Symbol.asyncIterator]();
    stream.push(event(0));
    expect((await reader.next()).value).toMatchObject({ sequence: 0 });
    const missed = 10;
    // Nobody reads, and nothing waits.
    for (let at = 1; at <= KEPT_EVENTS + missed; at += 1) stream.push(event(at));
    expect((await reader.next()).value).toEqual({ type: 'missed', count: missed });
    expect((await reader.next()).value).toMatchObject({ sequence: missed + 1 });
    stream.end();
    const rest = await read(stream);
    expect(rest.slice(0, 2)).toEqual([-(missed + 1), missed + 1]);
    expect(rest).toHaveLength(KEPT_EVENTS + 1);
    expect(rest.at(-1)).toBe(KEPT_EVENTS + missed);
  });
});
