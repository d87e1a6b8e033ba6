/**
 * Yields what tasks resolve to, in their order, while some of the next ones run already. A task that rejects ends the
 * iteration; those that run then are waited for and their results dropped.
 */
export async function* readAhead<Result>(
  tasks: Iterable<() => Promise<Result>>,
  parallel: number,
): AsyncGenerator<Result, void, undefined> {
  const running: Promise<Result>[] = [];
  const source = tasks[Symbol.iterator]();
  const start = (): void => {
    const next = source.next();
    if (next.done === true) return;
    const task = next.value();
    // A rejection is seen when its turn comes.
    task.catch(() => undefined);
    running.push(task);
  };
  try {
    while (running.length < parallel) {
      const before = running.length;
      start();
      if (running.length === before) break;
    }
    for (let next = running.shift(); next !== undefined; next = running.shift()) {
      const result = await next;
      start();
      yield result;
    }
  } finally {
    await Promise.allSettled(running);
  }
}
