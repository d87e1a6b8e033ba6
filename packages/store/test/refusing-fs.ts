import type * as nodeFs from 'node:fs';

/** Calls of the file system that tests have refused, one at a time. */
interface Refusals {
  isArmed: boolean;
  /** Number of the call to refuse, counted from when it was armed; 0 for none. */
  nth: number;
  errno: string;
  /** The only call that counts; every one when absent. */
  only: string | undefined;
  /** Names of the calls that were made since, in order. */
  readonly calls: string[];
}

export const refusals: Refusals = { isArmed: false, nth: 0, errno: '', only: undefined, calls: [] };

/** Calls that read, write, create or stat; closing is left out, since a descriptor is closed also when that fails. */
const REFUSED = [
  'accessSync',
  'fstatSync',
  'fsyncSync',
  'ftruncateSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'readdirSync',
  'readFileSync',
  'readSync',
  'realpathSync',
  'renameSync',
  'rmSync',
  'statSync',
  'statfsSync',
  'writeFileSync',
  'writeSync',
] as const;

/** Returns the module of files with every call counted and one refused; for `vi.mock('node:fs', …)`. */
export function refusingFs(fs: typeof nodeFs): typeof nodeFs {
  const wrapped: Record<string, unknown> = { ...fs };
  for (const name of REFUSED) {
    const call = fs[name] as (...args: unknown[]) => unknown;
    wrapped[name] = (...args: unknown[]): unknown => {
      if (!refusals.isArmed || !concernsStore(args[0])) return call(...args);
      if (refusals.only !== undefined && refusals.only !== name) return call(...args);
      refusals.calls.push(name);
      if (refusals.calls.length !== refusals.nth) return call(...args);
      const syscall = name.replace('Sync', '');
      throw Object.assign(new Error(`${refusals.errno}: refused, ${syscall}`), {
        code: refusals.errno,
        syscall,
      });
    };
  }
  return wrapped as unknown as typeof nodeFs;
}

/** Paths about this process itself, which are read at other times, too. */
function concernsStore(place: unknown): boolean {
  if (typeof place === 'number') return true;
  // The folder of a store is reached by a descriptor.
  return typeof place === 'string' && (!place.startsWith('/proc/') || place.startsWith('/proc/self/fd/'));
}

/** Arms the refusal of the n-th call from now on with an error, until `disarm`. */
export function refuse(nth: number, errno: string, only?: string): void {
  Object.assign(refusals, { isArmed: true, nth, errno, only });
  refusals.calls.length = 0;
}

/** Ends that, and says whether a call was refused, and which. */
export function disarm(): string | undefined {
  refusals.isArmed = false;
  return refusals.calls[refusals.nth - 1];
}
