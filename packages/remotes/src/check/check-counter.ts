import { type CheckRun, notEnded, type PartResult } from './check-run.ts';
import { readCheckFile } from './check-writes.ts';

const WRITERS = 8;
const INCREMENTS = 10;
/** Losses after which a writer makes pauses, so that all of them come to an end on a slow remote. */
const LOSSES_WITHOUT_PAUSE = 2;

/** Adds the increments of one writer to the counter, which is a list of all so far. */
async function incrementAll(
  run: CheckRun,
  path: string,
  { writer, applied }: { readonly writer: number; readonly applied: Set<string> },
): Promise<void> {
  let [done, losses] = [0, 0];
  while (done < INCREMENTS && !run.isOver) {
    const increment = `${writer}-${done}`;
    const found = await readCheckFile(run, path);
    if (found === undefined) throw new Error('the counter is not there any more');
    const increments = JSON.parse(found.text) as string[];
    // A write that was refused or not answered may have been applied all the same.
    if (increments.includes(increment)) {
      applied.add(increment);
      [done, losses] = [done + 1, 0];
      continue;
    }
    const startMs = run.nowMs();
    const text = JSON.stringify([...increments, increment]);
    const { outcome } = await run.files.swap(path, found.version, new TextEncoder().encode(text));
    if (outcome === 'applied') {
      applied.add(increment);
      [done, losses] = [done + 1, 0];
      continue;
    }
    losses += 1;
    if (losses <= LOSSES_WITHOUT_PAUSE) continue;
    const swapMs = Math.max(1, run.nowMs() - startMs);
    await run.remote.surroundings.clock.sleep(
      run.random() * swapMs * Math.min(8, 2 ** (losses - LOSSES_WITHOUT_PAUSE)),
    );
  }
}

/**
 * Counts in one file with several writers. A remote may pass a race and lose updates of writers that read and try again.
 *
 * @spec DML-REM-1407
 */
export async function checkCounter(run: CheckRun): Promise<PartResult> {
  const startMs = run.nowMs();
  const path = run.newPath('json');
  const created = await run.files.swap(path, null, new TextEncoder().encode('[]'));
  if (created.outcome !== 'applied')
    return { result: 'not-proven', finding: 'a file could not be created for the counter', facts: {} };
  const applied = new Set<string>();
  const writing = Array.from({ length: WRITERS }, (_, writer) =>
    incrementAll(run, path, { writer, applied }),
  );
  const failure = (await Promise.allSettled(writing)).find(({ status }) => status === 'rejected');
  const counted = new Set(JSON.parse((await readCheckFile(run, path))?.text ?? '[]') as string[]);
  const lost = [...applied].filter((increment) => !counted.has(increment)).length;
  const facts = { increments: applied.size, lostIncrements: lost, writers: WRITERS };
  if (lost > 0)
    return {
      result: 'failed',
      finding: `it lost ${lost} of ${applied.size} increments of a counter, which it had said were applied`,
      facts,
    };
  if (failure?.status === 'rejected') throw failure.reason;
  if (applied.size < WRITERS * INCREMENTS) return { ...notEnded('counter', run.nowMs() - startMs), facts };
  return {
    result: 'passed',
    finding: `it lost none of ${applied.size} increments of ${WRITERS} writers`,
    facts,
  };
}
