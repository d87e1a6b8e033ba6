import type { CliIo } from '../process/cli-io.ts';
import type { Output } from './output.ts';

/** Milliseconds between two changes of the line. */
const PAUSE_MS = 100;

/** Returns what shows on a terminal how far a command is, in a line that is rewritten ten times a second at most. */
export function liveProgress({
  io,
  output,
}: {
  readonly io: Pick<CliIo, 'nowMs'>;
  readonly output: Output;
}): (text: () => string) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (text) => {
    if (!output.isLive) return;
    const nowMs = io.nowMs();
    if (nowMs - lastMs < PAUSE_MS) return;
    lastMs = nowMs;
    // @spec DML-CLI-2024
    output.live([`  ${text()}`]);
  };
}
