import type { Waiting, WaitOptions } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';

/** Returns how a command waits for other processes: with a word about it, and so that a signal ends it. */
export function waitsOf({ io, output }: Pick<CommandContext, 'io' | 'output'>): WaitOptions {
  return {
    onWait: (waiting) => {
      output.live();
      // @spec DML-CLI-0450
      output.note(`${describeWait(waiting)} …`);
    },
    whileBlocked: io.whileBlocked,
  };
}

/** @spec DML-CLI-0451 */
function describeWait({ reason, pid, namespace }: Waiting): string {
  const name = pid === undefined ? 'another process' : `process ${pid}`;
  const process =
    namespace === undefined ? name : `${name} of another process namespace, such as a container`;
  switch (reason) {
    case 'write_lock':
      return `waiting for ${process}, which is writing to the repository`;
    case 'process_number':
      return `waiting for ${process}, which uses the repository under the number that this process has here`;
    case 'locks':
      return 'waiting for the processes that hold the repository to let go of it';
  }
}
