import { type ExecId, type ExecutionKey, idOfBytes, writeIdBytes } from '@daggerml/object-model';
import type { OutcomeList, OutcomeToPublish } from '@daggerml/remotes';
import { ObjectKeySet } from '@daggerml/store';

const ID_BYTES = 32;
/** Id of the exec, and whether it is a success. */
const ROW_BYTES = ID_BYTES + 1;

/** Outcomes of calls, one for each execution key, in some 75 bytes each and in the order in which they came. */
export class KeptOutcomes implements OutcomeList {
  readonly #keys = new ObjectKeySet();
  readonly #key: Uint8Array = new Uint8Array(ROW_BYTES);
  #rows: Buffer = Buffer.allocUnsafeSlow(64 * ROW_BYTES);

  get length(): number {
    return this.#keys.size;
  }

  /** Adds an outcome; of several of one key the first success counts, or else the first failure. */
  add(executionKey: ExecutionKey, execId: ExecId, status: 'ok' | 'error'): void {
    writeIdBytes(executionKey as string as ExecId, this.#key, 1);
    if (this.#keys.add(this.#key)) return this.#write(this.#keys.size - 1, execId, status);
    const number = this.#keys.ordinalOf(this.#key) as number;
    if (status === 'ok' && this.#rows[number * ROW_BYTES + ID_BYTES] === 0)
      this.#write(number, execId, status);
  }

  #write(number: number, execId: ExecId, status: 'ok' | 'error'): void {
    const at = number * ROW_BYTES;
    if (at === this.#rows.length) {
      const grown = Buffer.allocUnsafeSlow(this.#rows.length * 2);
      this.#rows.copy(grown);
      this.#rows = grown;
    }
    this.#rows.write(execId, at, ID_BYTES, 'hex');
    this.#rows[at + ID_BYTES] = status === 'ok' ? 1 : 0;
  }

  slice(from: number, to: number): OutcomeToPublish[] {
    return Array.from({ length: Math.max(0, Math.min(to, this.length) - from) }, (_, number) => {
      const at = (from + number) * ROW_BYTES;
      return {
        executionKey: idOfBytes(this.#keys.keyAt(from + number), 1) as string as ExecutionKey,
        execId: idOfBytes<'exec'>(this.#rows, at),
        status: this.#rows[at + ID_BYTES] === 1 ? 'ok' : 'error',
        fencing: undefined,
      };
    });
  }
}
