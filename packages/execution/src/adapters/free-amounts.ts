import type { Needs } from '@daggerml/object-model';
import type { PoolOffers } from './needs.ts';

/** Amounts of a place that calls share, as far as they are free. Qualities are no amounts: nobody takes them. */
export class FreeAmounts {
  /** Undefined where whatever is needed is free. */
  readonly #free: Map<string, number> | undefined;

  constructor(offers: PoolOffers) {
    this.#free = offers === 'any' ? undefined : new Map(amountsOf(offers));
  }

  /** Returns amounts of their own that are as these are now. */
  copy(): FreeAmounts {
    return new FreeAmounts(this.#free === undefined ? 'any' : Object.fromEntries(this.#free));
  }

  /** Checks whether there is room for a call with such needs. */
  hasRoomFor(needs: Needs): boolean {
    return this.#free === undefined || amountsOf(needs).every(([name, amount]) => this.#of(name) >= amount);
  }

  /** Takes what a call needs, also where there is no room: then that much has to become free first. */
  take(needs: Needs): void {
    for (const [name, amount] of amountsOf(needs)) this.#free?.set(name, this.#of(name) - amount);
  }

  /** Frees what a call has taken. */
  release(needs: Needs): void {
    for (const [name, amount] of amountsOf(needs)) this.#free?.set(name, this.#of(name) + amount);
  }

  #of(name: string): number {
    return this.#free?.get(name) ?? 0;
  }
}

/** Lists the needs that are amounts. */
export function amountsOf(needs: Needs): [string, number][] {
  return Object.entries(needs).filter((each): each is [string, number] => each[1] !== true);
}
