const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a body that cleans up after itself when its signal is aborted.
 *
 * When the process is told to end, the body is aborted and awaited, and then the process ends by the
 * same signal, as its caller expects.
 */
export async function withInterrupt<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    received = signal;
    controller.abort(new Error(`interrupted by ${signal}`));
  };
  for (const signal of SIGNALS) process.once(signal, interrupt);
  try {
    return await body(controller.signal);
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, interrupt);
    if (received !== undefined) process.kill(process.pid, received);
  }
}
