/**
 * Yields what tasks resolve to, in their order, while some of the next ones run already. A task that rejects ends the
 * iteration; those that run then are waited for and their results dropped.
 */
export async function* readAhead<Result>(
  tasks: Iterable<() => Promise<Result>> | AsyncIterable<() => Promise<Result>>,
  parallel: number,
): AsyncGenerator<Result, void, undefined> {
  const running: Promise<Result>[] = [];
  const source = Symbol.asyncIterator in tasks ? tasks[Symbol.asyncIterator]() : tasks[Symbol.iterator]();
  let isOver = false;
  const start = async (): Promise<void> => {
    const next = await source.next();
    isOver = next.done === true;
    if (next.done === true) return;
    const task = next.value();
    // A rejection is seen when its turn comes.
    task.catch(() => undefined);
    running.push(task);
  };
  try {
    // What runs is held in memory. @spec DML-REM-0608
    while (running.length < parallel && !isOver) await start();
    for (let next = running.shift(); next !== undefined; next = running.shift()) {
      const result = await next;
      if (!isOver) await start();
      yield result;
    }
  } finally {
    await Promise.allSettled(running);
    await source.return?.();
  }
}
