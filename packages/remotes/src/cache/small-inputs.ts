import type { CallExec } from '@daggerml/object-model';
import { type Link, LinkSet } from '../format/link.ts';
import { linksIn, type OutcomeSource } from './walk-outcome.ts';

/** Most bytes of an input value that is published with an outcome. @spec DML-REM-1835 */
const MAX_INPUT_BYTES = 65_536;

/** Choice of the input values that are published along for those who lack them: small ones. */
export class SmallInputs {
  /** Input values that are too large, or not whole. */
  readonly #large = new LinkSet();

  /** Returns the ids of small input values of an exec. */
  of({ inputs }: CallExec, source: OutcomeSource): ReadonlySet<string> {
    const links: Link[] =
      typeof inputs === 'string'
        ? [{ class: 'page', id: inputs }]
        : inputs.map((id) => ({ class: 'datum', id }));
    return new Set(links.filter((link) => this.#isSmall(link, source)).map(({ id }) => id));
  }

  #isSmall(root: Link, source: OutcomeSource): boolean {
    if (source.isWhole(root)) return true;
    if (this.#large.has(root)) return false;
    const seen = new Set<string>();
    const open: Link[] = [root];
    let leftBytes = MAX_INPUT_BYTES;
    for (let link = open.pop(); link !== undefined; link = open.pop()) {
      if (seen.has(link.id) || source.isWhole(link)) continue;
      seen.add(link.id);
      const bytes = source.bytesOf(link);
      const links = bytes && linksIn({ ...link, bytes });
      leftBytes -= bytes?.length ?? 0;
      if (links === undefined || leftBytes < 0) {
        this.#large.add(root);
        return false;
      }
      open.push(...links);
    }
    return true;
  }
}
