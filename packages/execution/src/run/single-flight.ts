import type { ExecutionKey } from '@daggerml/object-model';
import type { RunNode } from './run-node.ts';

/** A run whose calls wait for those of others: an earlier one has the lesser number. */
interface FlightOwner {
  readonly number: number;
}

/** A call that waits for the run of another with its execution key. */
interface Waiter {
  readonly node: RunNode;
  /** The run that the call belongs to. */
  readonly owner: FlightOwner;
  /** Has the call looked up again. */
  readonly wake: () => void;
}

/** The run of one execution key; other calls with the key wait for its outcome. */
export interface InFlight {
  readonly leader: RunNode;
  /** The run that the leader belongs to. */
  readonly owner: FlightOwner;
  readonly waiters: Waiter[];
}

/**
 * The execution keys that calls of one Executor are running for, whichever of its runs they belong to.
 *
 * A run keeps its outcomes to itself until they are written, so a call of another run waits until then and finds the
 * outcome in the cache.
 */
export class SingleFlight {
  readonly #flights = new Map<ExecutionKey, InFlight>();
  #runs = 0;

  /** Returns the number of one more run. */
  nextRun(): number {
    return this.#runs++;
  }

  /** Returns the flight of a key. */
  get(key: ExecutionKey): InFlight | undefined {
    return this.#flights.get(key);
  }

  /** Begins a flight; later calls wait for this one. */
  begin(key: ExecutionKey, leader: RunNode, owner: FlightOwner): InFlight {
    const flight: InFlight = { leader, owner, waiters: [] };
    this.#flights.set(key, flight);
    return flight;
  }

  /** Ends a flight: its outcome is kept, or there is none. Those that still wait look up again. */
  end(key: ExecutionKey, flight: InFlight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    for (const { wake } of flight.waiters.splice(0)) wake();
  }
}

/**
 * Checks whether a call of a run is to wait for a flight of another one: each may have few threads, so that calls which
 * running functions wait for do so in one direction alone.
 */
export function mayWait({ depth }: RunNode, run: FlightOwner, { owner }: InFlight): boolean {
  // @spec DML-EXE-3851
  return depth === 0 || owner.number < run.number;
}

/** Wakes a call that waits for a flight, if it does, so that it is looked up again. */
export function wakeWaiter(flight: InFlight, node: RunNode): void {
  const at = flight.waiters.findIndex((waiter) => waiter.node === node);
  if (at >= 0) for (const { wake } of flight.waiters.splice(at, 1)) wake();
}

/** Returns the calls of one run that wait for a flight, which then no longer wait. */
export function takeWaiters(flight: InFlight, owner: FlightOwner): readonly RunNode[] {
  if (flight.waiters.length === 0) return [];
  const all = flight.waiters.splice(0);
  flight.waiters.push(...all.filter((waiter) => waiter.owner !== owner));
  return all.flatMap((waiter) =>
    waiter.owner === owner && waiter.node.status === 'pending' ? [waiter.node] : [],
  );
}
