import { afterEach, describe, expect, it, vi } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import type { Poll } from '../adapters/port.ts';

/** However slow the machine is. */
const eventually = <T>(get: () => T) => expect.poll(get, { timeout: 50_000 });

const steps = 'export const work = (n: number) => n;';

afterEach(() => void vi.useRealTimers());

/** A run whose polls are noted, and times of a clock that the test moves on. */
async function polledRun(): Promise<{
  workspace: Workspace;
  polls: { readonly ms: number; readonly tokens: readonly string[] }[];
}> {
  const workspace = await Workspace.held({ pollPauses: { baseMs: 100, maxMs: 1000 } });
  workspace.write(steps);
  const polls: { readonly ms: number; readonly tokens: readonly string[] }[] = [];
  return { workspace, polls };
}

describe('a pending call', () => {
  it('is polled after pauses that grow to a limit, and never before the adapter said [DML-EXE-0610]', async () => {
    const { workspace, polls } = await polledRun();
    const run = workspace.begin();
    const { held } = workspace;
    const node = run.call('work', [1]);
    await Promise.resolve();
    const [submission] = held.held;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const beganMs = performance.now();
    const pollAfterMs = [0, 0, 0, 0, 0, 0, 0, 0, 0, 5000, 0];
    held.poll = (asked: readonly Poll[]) => {
      polls.push({ ms: performance.now() - beganMs, tokens: asked.map(({ token }) => token) });
      if (polls.length <= pollAfterMs.length - 1) answer(polls.length);
    };
    const answer = (count: number): void =>
      held.answer(
        { type: 'pending', token: `token ${count}`, pollAfterMs: pollAfterMs[count] as number },
        submission,
      );
    answer(0);
    vi.advanceTimersByTime(20_000);
    expect(polls.map(({ tokens }) => tokens)).toEqual(pollAfterMs.map((_, index) => [`token ${index}`]));
    const pauses = polls.map(({ ms }, index) => ms - (polls[index - 1]?.ms ?? 0));
    const least = [100, 150, 225, 337, 506, 759, 1000, 1000, 1000, 5000, 1000];
    for (const [index, pause] of pauses.entries()) {
      expect([index, pause >= (least[index] as number)]).toEqual([index, true]);
      expect([index, pause <= (least[index] as number) + 25]).toEqual([index, true]);
    }
    vi.useRealTimers();
    held.end('made', submission);
    expect(await run.outcome(node)).toBe('made');
    await workspace.close();
  });

  it('shares its polls with others that are due, and is not polled any more once it has ended', async () => {
    const { workspace, polls } = await polledRun();
    const run = workspace.begin();
    const { held } = workspace;
    const nodes = Array.from({ length: 500 }, (_, input) => run.call('work', [input]));
    await Promise.resolve();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    held.poll = (asked: readonly Poll[]) => {
      polls.push({ ms: performance.now(), tokens: asked.map(({ token }) => token) });
    };
    for (const [index, submission] of held.held.entries())
      held.answer({ type: 'pending', token: `${index}`, pollAfterMs: 0 }, submission);
    const timers = vi.getTimerCount();
    expect(timers).toBeLessThan(5);
    run.open.cancel('enough');
    vi.advanceTimersByTime(10_000);
    expect(polls).toEqual([]);
    vi.useRealTimers();
    for (const node of nodes) expect(node.failure?.code).toBe('cancelled');
    const again = workspace.begin();
    const late = Array.from({ length: 500 }, (_, input) => again.call('work', [input]));
    await Promise.resolve();
    const adapter = workspace.held;
    const asked: number[] = [];
    adapter.poll = (due: readonly Poll[]) => void asked.push(due.length);
    for (const submission of [...adapter.held])
      adapter.answer({ type: 'pending', token: 't', pollAfterMs: 0 }, submission);
    await eventually(() => asked.reduce((sum, count) => sum + count, 0)).toBe(500);
    expect(asked.length).toBeLessThan(20);
    again.open.cancel('enough');
    expect(late).toHaveLength(500);
    await workspace.close();
  });
});
