import { closeSync, constants, openSync, readlinkSync } from 'node:fs';

/** Descriptors that may be opened again, since they hold no offset as files do. */
const REOPENABLE = /^(pipe:\[\d+\]|\/dev\/pts\/\d+|\/dev\/null)$/;
/** A terminal that is opened must not become the one that sends its signals here. */
const FLAGS = constants.O_WRONLY | constants.O_NOCTTY;

/**
 * Makes descriptor 1 a second one of standard error and returns a new one of standard output. Returns undefined, with
 * nothing changed, where the system has no way to. To be called before anything uses descriptor 1.
 */
export function moveOutput(): number | undefined {
  try {
    if (![1, 2].every((descriptor) => REOPENABLE.test(readlinkSync(pathOf(descriptor))))) return undefined;
    closeSync(openSync(pathOf(2), FLAGS));
    const output = openSync(pathOf(1), FLAGS);
    closeSync(1);
    // A system gives the lowest number that is free.
    openSync(pathOf(2), FLAGS);
    return output;
  } catch {
    return undefined;
  }
}

function pathOf(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`;
}
