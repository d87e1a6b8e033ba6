import { fail } from '../errors.ts';
import { nfcText } from '../text/text.ts';
import { foldersAbove } from './file-path.ts';

/**
 * The paths of a directory that are not in NFC. On some file systems a path is one with whatever is equal to it after
 * NFC, so a directory with two spellings of one cannot be restored there.
 */
export class Spellings {
  readonly #has: (path: string) => boolean;
  /** Paths that are not in NFC, by what they are after it. */
  readonly #odd = new Map<string, string>();
  #folder = '';

  /** Creates an empty memo; `has` checks whether a path is that of an entry of the directory, or of a folder above one. */
  constructor(has: (path: string) => boolean) {
    this.#has = has;
  }

  /** Throws `path_conflict` when the path of an entry, or of a folder above it, also stands in another spelling. */
  check(path: string): void {
    if (nfcText(path) === path) return;
    const folder = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
    if (folder !== this.#folder) for (const above of foldersAbove(path)) this.#checkOne(above);
    this.#folder = folder;
    this.#checkOne(path);
  }

  #checkOne(path: string): void {
    const spelling = nfcText(path);
    if (spelling === path) return;
    const other = this.#odd.get(spelling);
    if (other === path) return;
    if (other !== undefined || this.#has(spelling)) fail('path_conflict');
    this.#odd.set(spelling, path);
  }
}
