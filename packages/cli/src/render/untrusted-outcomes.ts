import type { Output } from './output.ts';
import { formatCount } from './quantities.ts';

/** Outcomes of a remote that are not trusted, by who has signed them. */
export class UntrustedOutcomes {
  readonly #counts = new Map<string, number>();

  /** Counts one and returns how many of its signer there are; one that nobody has signed has none. */
  add(signer = 'nobody'): number {
    const count = (this.#counts.get(signer) ?? 0) + 1;
    this.#counts.set(signer, count);
    return count;
  }

  /** Prints how many were not used, by signer. @spec DML-REM-1235 */
  note(output: Output, remoteName: string): void {
    for (const [signer, count] of this.#counts)
      output.note(
        `${formatCount(count, 'outcome')} of ${output.safe(remoteName)} signed by ${output.safe(signer)} not used; see "dml remote trust"`,
      );
  }
}
