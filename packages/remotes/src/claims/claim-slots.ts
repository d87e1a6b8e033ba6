import type { ExecutionKey } from '@daggerml/object-model';
import { KeyRing } from './key-ring.ts';

/** Result of a try to claim: `none` where the remote was not asked, or did not answer. */
export type TryResult = 'claimed' | 'lost' | 'none';

/** The right to try to claim one key more. */
export interface ClaimSlot {
  /** Ends the try; the slot is kept for a key that was claimed until that is freed. */
  end(result: TryResult): void;
}

/** Most tries at the same time: a process that comes to keys of others comes too late with all of them. @spec DML-REM-1139 */
const MAX_TRIES = 4;

/**
 * Limits how many claims are held at the same time, and how many are tried. Others may wait for the same keys, so each
 * goes through them in the order of the keys from a place of its own, until it meets one that somebody has: then it
 * looks for another place. What is left lies between those places in few pieces.
 *
 * @spec DML-REM-1125
 */
export class ClaimSlots {
  readonly #random: (count: number) => Uint8Array;
  readonly #waiting = new KeyRing<() => void>();
  readonly #kept = new Set<ExecutionKey>();
  #left: number;
  #tries = 0;
  #maxTries = 1;

  constructor(count: number, random: (count: number) => Uint8Array) {
    this.#left = Math.max(1, count);
    this.#random = random;
    this.#move();
  }

  /** Resolves once a key may be tried. */
  take(key: ExecutionKey): Promise<ClaimSlot> {
    return new Promise((resolve) => {
      this.#waiting.add(key, () => resolve({ end: (result) => this.#end(key, result) }));
      this.#next();
    });
  }

  /** Frees the slot of the claim of a key. */
  free(key: ExecutionKey): void {
    if (!this.#kept.delete(key)) return;
    this.#left += 1;
    this.#next();
  }

  #end(key: ExecutionKey, result: TryResult): void {
    this.#tries -= 1;
    if (result === 'claimed') this.#kept.add(key);
    else this.#left += 1;
    // @spec DML-REM-1132
    if (result === 'claimed') this.#maxTries = Math.min(MAX_TRIES, this.#maxTries + 1);
    if (result === 'lost') {
      this.#maxTries = 1;
      this.#move();
    }
    this.#next();
  }

  #move(): void {
    this.#waiting.moveTo(Buffer.from(this.#random(4)).toString('hex'));
  }

  #next(): void {
    while (this.#left > 0 && this.#tries < this.#maxTries) {
      const next = this.#waiting.takeNext();
      if (next === undefined) return;
      this.#left -= 1;
      this.#tries += 1;
      next();
    }
  }
}
