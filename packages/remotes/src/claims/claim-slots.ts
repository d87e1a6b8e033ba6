import type { ExecutionKey } from '@daggerml/object-model';

/** The right to hold one claim more. */
export interface ClaimSlot {
  free(): void;
}

/** Limits how many claims are held at the same time. Of those who wait any one is next: others wait for the same keys. @spec DML-REM-1125 */
export class ClaimSlots {
  readonly #random: (count: number) => Uint8Array;
  #left: number;
  readonly #waiting: (() => void)[] = [];
  readonly #kept = new Map<ExecutionKey, ClaimSlot>();

  constructor(count: number, random: (count: number) => Uint8Array) {
    this.#left = Math.max(1, count);
    this.#random = random;
  }

  /** Resolves once there is a slot. */
  async take(): Promise<ClaimSlot> {
    if (this.#left > 0) this.#left -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let isFree = false;
    return {
      free: () => {
        if (isFree) return;
        isFree = true;
        this.#next();
      },
    };
  }

  /** Keeps a slot until the claim of a key ends. */
  keep(key: ExecutionKey, slot: ClaimSlot): void {
    this.#kept.set(key, slot);
  }

  /** Frees the slot of the claim of a key. */
  free(key: ExecutionKey): void {
    const slot = this.#kept.get(key);
    this.#kept.delete(key);
    slot?.free();
  }

  #next(): void {
    const [high = 0, low = 0] = this.#random(2);
    const at = (high * 256 + low) % Math.max(1, this.#waiting.length);
    const next = this.#waiting[at];
    if (next === undefined) {
      this.#left += 1;
      return;
    }
    const last = this.#waiting.pop() as () => void;
    if (at < this.#waiting.length) this.#waiting[at] = last;
    next();
  }
}
