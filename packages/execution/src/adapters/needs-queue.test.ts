import type { Needs } from '@daggerml/object-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Offers } from './needs.ts';
import { NeedsQueue, type Waiting } from './needs-queue.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_127 });

interface Call extends Waiting {
  readonly name: string;
}

const call = (name: string, needs: Needs): Call => ({ name, needs, isGone: false });

function queueOf(offers: Offers, ...calls: Call[]): NeedsQueue<Call> {
  const queue = new NeedsQueue<Call>(offers);
  for (const each of calls) queue.add(each);
  return queue;
}

const names = (calls: readonly Call[]): string[] => calls.map(({ name }) => name);

describe('calls that wait for resources', () => {
  it('start in the order in which they came, as far as there is enough [DML-EXE-3161]', () => {
    const [a, b, c] = [call('a', { gpu: 1 }), call('b', { gpu: 1 }), call('c', { gpu: 1 })];
    const queue = queueOf({ gpu: 2 }, a, b, c);
    expect(names(queue.take())).toEqual(['a', 'b']);
    expect(names(queue.take())).toEqual([]);
    queue.release(b);
    expect(names(queue.take())).toEqual(['c']);
  });

  it('are passed by others only as far as these leave them what they need [DML-EXE-3162]', () => {
    const first = call('first', { gpu: 2, memoryMb: 1000 });
    const large = call('large', { gpu: 2, memoryMb: 1000 });
    const small = [1, 2, 3].map((at) => call(`small ${at}`, { memoryMb: 400 }));
    const queue = queueOf({ gpu: 3, memoryMb: 3000 }, first, large, ...small, call('other', { gpu: 1 }));
    // 3000 - 1000 for the first, 1000 stay for the large one; the third gpu stays for it as well.
    expect(names(queue.take())).toEqual(['first', 'small 1', 'small 2']);
    queue.release(small[0] as Call);
    expect(names(queue.take())).toEqual(['small 3']);
    queue.release(first);
    expect(names(queue.take())).toEqual(['large', 'other']);
  });

  it('pass over those that wait no longer', () => {
    const [large, small] = [call('large', { gpu: 3 }), call('small', { gpu: 1 })];
    const queue = queueOf({ gpu: 3 }, call('first', { gpu: 2 }), large, small);
    expect(names(queue.take())).toEqual(['first']);
    large.isGone = true;
    expect(names(queue.take())).toEqual(['small']);
  });

  it('with no amounts wait for nothing', () => {
    const queue = queueOf({ linux: true }, call('any', {}), call('linux', { linux: true }));
    expect(names(queue.take())).toEqual(['any', 'linux']);
  });

  const offers = { gpu: 4, memoryMb: 10 };
  const needs = fc.record(
    { gpu: fc.integer({ min: 1, max: 4 }), memoryMb: fc.integer({ min: 1, max: 10 }) },
    { requiredKeys: [] },
  );

  it('never take more than is offered, and each one starts at last [DML-EXE-3161]', () => {
    fc.assert(
      fc.property(fc.array(needs, { maxLength: 60 }), fc.infiniteStream(fc.nat()), (all, choices) => {
        const queue = queueOf(offers, ...all.map((each, at) => call(String(at), each as Needs)));
        const running: Call[] = [];
        const started = new Set<string>();
        for (;;) {
          running.push(...queue.take());
          for (const name of ['gpu', 'memoryMb'] as const) {
            const taken = running.reduce((sum, each) => sum + Number(each.needs[name] ?? 0), 0);
            expect(taken).toBeLessThanOrEqual(offers[name]);
          }
          for (const { name } of running) started.add(name);
          if (running.length === 0) break;
          const [ended] = running.splice(choices.next().value % running.length, 1);
          queue.release(ended as Call);
        }
        expect(started.size).toBe(all.length);
      }),
    );
  });

  it('are not held up for ever by small ones that keep coming [DML-EXE-3162]', () => {
    const queue = queueOf({ gpu: 4 }, ...[1, 2, 3, 4].map((at) => call(`${at}`, { gpu: 1 })));
    const running = queue.take();
    queue.add(call('large', { gpu: 4, memoryMb: 1 }));
    queue.add(call('never', { memoryMb: 1 }));
    for (let at = 5; running.length > 0; at += 1) {
      queue.add(call(`${at}`, { gpu: 1 }));
      queue.release(running.shift() as Call);
      running.push(...queue.take());
      expect(at).toBeLessThan(10);
    }
  });
});
