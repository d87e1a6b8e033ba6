import { areNeeds, type Needs } from '@daggerml/object-model';
import { nearest } from '@daggerml/repository';
import { executionError } from '../errors.ts';

/** Offers of a pool, by name: the amounts that all calls share that run there, or `true` for a quality. */
export type Offers = Readonly<Record<string, number | true>>;

/** Offers of a pool, or `any` for one that has each call wait for a place with what it needs. */
export type PoolOffers = Offers | 'any';

/** Form of both in words. */
export const NEEDS_FORM = 'whole numbers above 0, or true, by names such as gpu and memoryMb';

/**
 * Throws `invalid_option` for offers that cannot be.
 *
 * @spec DML-EXE-3160
 */
export function checkOffers(offers: unknown, of: string): asserts offers is Offers {
  if (areNeeds(offers)) return;
  throw executionError('invalid_option', { option: of, problem: `${of} are ${NEEDS_FORM}` });
}

/** Lists the needs that some offers do not meet. */
export function unmetNeeds(needs: Needs, offers: PoolOffers): string[] {
  // @spec DML-EXE-3167
  if (offers === 'any') return [];
  return Object.keys(needs).filter((name) => !isMet(needs[name] as number | true, offers, name));
}

function isMet(need: number | true, offers: Offers, name: string): boolean {
  const offer = Object.hasOwn(offers, name) ? offers[name] : undefined;
  return need === true ? offer !== undefined : typeof offer === 'number' && offer >= need;
}

/** Returns needs or offers as a person writes them: `gpu=1, memoryMb=4000, linux`. */
export function formatNeeds(needs: Needs): string {
  const texts = Object.entries(needs).map(([name, amount]) => (amount === true ? name : `${name}=${amount}`));
  return texts.length === 0 ? 'nothing' : texts.join(', ');
}

function offered(offers: PoolOffers): string {
  return offers === 'any' ? 'whatever is needed' : formatNeeds(offers);
}

/** A place with what it offers. */
interface Offering {
  readonly name: string | undefined;
  readonly offers: PoolOffers;
}

/** Returns words that name which needs of a call none of some pools meets, and what they offer. */
export function unmetReason(needs: Needs, pools: readonly Offering[]): string {
  const [best = []] = pools
    .map(({ offers }) => unmetNeeds(needs, offers))
    .sort((a, b) => a.length - b.length);
  const missing = formatNeeds(Object.fromEntries(best.map((name) => [name, needs[name] as number | true])));
  const texts = pools.map(({ name, offers }) =>
    name === undefined ? `the run offers ${offered(offers)}` : `${name} offers ${offered(offers)}`,
  );
  const names = new Set(pools.flatMap(({ offers }) => (offers === 'any' ? [] : Object.keys(offers))));
  const [meant] = best.flatMap((name) => (names.has(name) ? [] : nearest(name, names, 1)));
  return `it needs ${missing}; ${texts.join('; ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}
