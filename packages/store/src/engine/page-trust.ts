import { type FileState, isSameState } from './clean-marker.ts';
import type { DataFile } from './data-file.ts';
import { locateDamage } from './engine-error.ts';
import { guardTables } from './guarded-tables.ts';
import type { MetaPage } from './meta-page.ts';
import type { Root } from './open-root.ts';
import { checkPagesSteps } from './page-check.ts';
import { PageGuard } from './page-guard.ts';
import { TABLE_NAMES, type Tables } from './tables.ts';

const CHECK_ATTEMPTS = 5;

/** A data file as its pages are checked. */
export interface PageTrustOptions {
  readonly path: string;
  readonly file: DataFile;
  readonly pageBytes: number;
  /** The engine's handle, which may be another one later. */
  readonly root: () => Root;
  /** True while this process is in a write transaction, in which no page is reused. */
  readonly isWriting: () => boolean;
  /**
   * Called when all pages were found to be good, with the state of the file when it did not change during the check.
   */
  readonly onWhole: (state: FileState | undefined) => void;
}

/** The pages of a data file that may be used as they are: all, or those that were checked. */
export class PageTrust {
  readonly #options: PageTrustOptions;
  /** Absent once all pages may be used. */
  #guard: PageGuard | undefined;

  private constructor(options: PageTrustOptions) {
    this.#options = options;
  }

  /** Creates the trust in a file that somebody vouches for. */
  static inWhole(options: PageTrustOptions): PageTrust {
    return new PageTrust(options);
  }

  /** Creates the trust in a file of which no page has been looked at. Throws `store_damaged`. */
  static inNothing(options: PageTrustOptions): PageTrust {
    const trust = new PageTrust(options);
    trust.#pinned(() => {
      trust.#guard = new PageGuard(options.file);
    });
    return trust;
  }

  /** True when every page may be used. */
  get isWhole(): boolean {
    return this.#guard === undefined;
  }

  /** True when the file has all tables, so that opening them writes nothing. */
  get hasAllTables(): boolean {
    const guard = this.#guard;
    return guard === undefined || TABLE_NAMES.every((name) => guard.hasTable(name));
  }

  /** Runs a look at pages before the engine uses them. Throws `store_damaged` with the path of the store. */
  look(look: (guard: PageGuard) => void): void {
    const guard = this.#guard;
    if (guard === undefined) return;
    this.#pinned(() => look(guard));
    if (guard.isWorthCheckingAll) this.checkAll();
  }

  /** Looks at every page. Throws `store_damaged` with the path of the store. */
  checkAll(): void {
    for (const _ of this.checkSteps());
  }

  /** Looks at every page in steps, unless that was done; yields how many pages it has seen. @spec DML-STO-0873 */
  *checkSteps(): Generator<number, void, undefined> {
    if (this.#guard === undefined) return;
    const { file, pageBytes, onWhole } = this.#options;
    const before = file.describe(pageBytes);
    yield* this.#checkAllPages();
    this.#guard = undefined;
    const after = file.describe(pageBytes);
    onWhole(isSameState(before, after) ? after : undefined);
  }

  /** Returns tables that look at each page before they use it, for as long as that is needed. */
  tablesOf(tables: Tables): Tables {
    return this.#guard === undefined ? tables : guardTables(tables, this);
  }

  /** Walks all pages of the newest state, which a reader's snapshot keeps from being reused. */
  *#checkAllPages(): Generator<number, void, undefined> {
    const { file, path } = this.#options;
    // @spec DML-STO-0154
    const pin = this.#pin();
    try {
      for (let attempt = 1; ; attempt += 1) {
        let meta: MetaPage | undefined;
        try {
          meta = file.readMeta();
          yield* checkPagesSteps(file.readAt, meta);
          return;
        } catch (error) {
          // A meta page read while another process replaces it looks torn; a file at rest does not change.
          if (attempt === CHECK_ATTEMPTS || meta === undefined) throw locateDamage(error, path);
          if (file.describe(meta.pageBytes).transactionId === meta.transactionId)
            throw locateDamage(error, path);
        }
      }
    } finally {
      pin?.done();
    }
  }

  #pinned(look: () => void): void {
    const pin = this.#pin();
    try {
      look();
    } catch (error) {
      throw locateDamage(error, this.#options.path);
    } finally {
      pin?.done();
    }
  }

  #pin(): { done(): void } | undefined {
    if (this.#options.isWriting()) return undefined;
    // It begins the transaction at once, unlike the engine's reads.
    return this.#options.root().useReadTransaction();
  }
}
