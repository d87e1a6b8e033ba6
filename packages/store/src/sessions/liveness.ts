import type { OpenDataFile } from '../engine/engine.ts';
import type { ProcessIdentity, StoreEnvironment } from '../environment.ts';

type Look = Pick<StoreEnvironment, 'process' | 'probe' | 'holdsSlot'>;

/**
 * Decides who is alive, at one moment and for everything that processes leave in a store: sessions, collections,
 * compactions.
 *
 * Whoever has a store open holds a lock of the kernel for its number, which ends with the process and with nothing
 * else: not with a day of waiting, a clock that is set, a hidden `/proc` or a container that is paused. Who holds
 * none is dead. Who holds one is alive, unless it is known that the number is another process's by now. What
 * is unknown counts as alive.
 */
export class Liveness {
  readonly #environment: Look;
  /** Undefined where the file is read without locks, as on a read-only mount. */
  readonly #holders: ReadonlySet<number> | undefined;

  constructor({ holders }: Pick<OpenDataFile, 'holders'>, environment: Look) {
    this.#environment = environment;
    this.#holders = holders();
  }

  /** Checks whether a process may still use the store. */
  isAlive(identity: ProcessIdentity): boolean {
    // @spec DML-STO-0538
    if (this.#holders === undefined) return !isKnownDead(identity, this.#environment);
    // @spec DML-STO-0533 DML-STO-0134
    if (!this.#environment.holdsSlot(identity.pid, this.#holders)) return false;
    // @spec DML-STO-0504
    return !isKnownOther(identity, this.#environment);
  }

  /** Checks whether any other process has the store open; unknown where it is read without locks. */
  hasOthers(): boolean {
    for (const pid of this.#holders ?? []) if (pid !== process.pid) return true;
    return false;
  }
}

/** Returns how to name a process to a person, for whom numbers are those of this process namespace. */
export function namesOf(
  { pid, pidNamespace }: ProcessIdentity,
  { process: mine }: Pick<Look, 'process'>,
): { readonly pid: number; readonly namespace?: 'another' } {
  return areOther(pidNamespace, mine.pidNamespace) ? { pid, namespace: 'another' } : { pid };
}

/** Checks whether an identity is that of this process, as far as it is known. */
export function isThisProcess(identity: ProcessIdentity, { process: mine }: Pick<Look, 'process'>): boolean {
  // @spec DML-STO-0537
  return identity.pid === mine.pid && !FACTS.some((fact) => areOther(identity[fact], mine[fact]));
}

/** Checks whether the process that has the number of an identity is known to be another one. */
function isKnownOther(identity: ProcessIdentity, environment: Look): boolean {
  const mine = environment.process;
  // This process holds the number, so nobody else does.
  if (identity.pid === mine.pid) return !isThisProcess(identity, environment);
  if (mine.pidNamespace === '' || identity.pidNamespace !== mine.pidNamespace) return false;
  if (identity.bootId !== mine.bootId) return false;
  const probe = environment.probe(identity.pid);
  // The number is held in another process namespace then.
  if (probe.state === 'dead') return true;
  return probe.state === 'alive' && areOther(identity.startTime, probe.startTime);
}

const FACTS = ['startTime', 'bootId', 'pidNamespace'] as const;

/** Checks whether two texts are known and differ; an empty one could not be read. */
function areOther(one: string, other: string): boolean {
  return one !== '' && other !== '' && one !== other;
}

/**
 * Checks whether a process is known to have ended that holds no place, such as the maker of a draft; one of another
 * process namespace is never known to.
 */
export function isKnownDead(
  identity: ProcessIdentity,
  environment: Pick<StoreEnvironment, 'process' | 'probe'>,
): boolean {
  const mine = environment.process;
  if (identity.pidNamespace === '' || identity.pidNamespace !== mine.pidNamespace) return false;
  if (areOther(identity.bootId, mine.bootId)) return true;
  const probe = environment.probe(identity.pid);
  if (probe.state === 'dead') return true;
  return probe.state === 'alive' && areOther(identity.startTime, probe.startTime);
}
