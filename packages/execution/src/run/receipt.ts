import type { DatumId } from '@daggerml/object-model';
import { LOCAL_ADAPTER } from '@daggerml/repository';
import { liftDatum, lowerValue, type ObjectSink, type ObjectSource } from '@daggerml/values';
import type { Attempt } from './attempts.ts';
import { ownEntries } from './receipt-entries.ts';
import { type ReceiptFacts, receiptSources } from './receipt-sources.ts';

/**
 * Schema of the receipts that this version makes.
 *
 * @spec DML-EXE-1813
 */
const RECEIPT_SCHEMA = 1;

/** The facts of an attempt that a receipt names. */
type EndedAttempt = Pick<Attempt, 'number' | 'pool' | 'output' | 'result'>;

/** Surroundings of a call, as a receipt names them; never a host, a user or a path. */
export interface Surroundings {
  /** The program that runs calls, with its version. */
  readonly program: string;
  readonly nodeVersion: string;
  readonly platform: string;
  readonly architecture: string;
}

/** Returns the surroundings that this process is. */
export function surroundingsOf(program: string): Surroundings {
  const { platform, arch: architecture, versions } = process;
  // @spec DML-EXE-1811
  return { program, nodeVersion: versions.node, platform, architecture };
}

/** Program that ran a call, where that was no worker thread of this process. */
export interface Ran {
  readonly adapter: string;
  readonly backend: string;
  /** The interpreter with its version, as far as it is known. */
  readonly runtime: string;
}

/** The receipts of calls: one for all calls of a function and attempt, or of a program and attempt. */
export class Receipts {
  readonly #surroundings: Surroundings;
  readonly #objects: ObjectSink & ObjectSource;
  readonly #known = new WeakMap<object, Map<string, DatumId>>();
  readonly #rans = new Map<string, Ran>();

  constructor(surroundings: Surroundings, objects: ObjectSink & ObjectSource) {
    this.#surroundings = surroundings;
    this.#objects = objects;
  }

  /**
   * Returns the receipt of a call that ended with an attempt.
   *
   * @spec DML-EXE-3510
   */
  of(attempt: EndedAttempt, captured?: ReceiptFacts, ran?: Ran): DatumId {
    const key = captured ?? (ran ? this.#sameAs(ran) : this);
    const known = this.#known.get(key) ?? new Map<string, DatumId>();
    this.#known.set(key, known);
    const { number, pool = '' } = attempt;
    const ended = `${number} ${pool}`;
    const datumId =
      known.get(ended) ?? lowerValue(this.#valueOf(attempt, captured, ran), this.#objects, 'receipt');
    known.set(ended, datumId);
    const own = ownEntries(attempt);
    // @spec DML-EXE-3604
    if (own === undefined) return datumId;
    // What is read back has its blobs already.
    const shared = liftDatum(this.#objects, datumId) as object;
    // @spec DML-EXE-1804
    return lowerValue({ ...shared, ...own }, this.#objects, 'receipt');
  }

  /** Returns the first of the equal ones that it was given. */
  #sameAs(ran: Ran): Ran {
    const key = JSON.stringify(ran);
    const known = this.#rans.get(key) ?? ran;
    this.#rans.set(key, known);
    return known;
  }

  #valueOf(
    { number: attempt, pool }: EndedAttempt,
    captured: ReceiptFacts | undefined,
    ran: Ran | undefined,
  ): object {
    const { program, nodeVersion, platform, architecture } = this.#surroundings;
    const { natives = [], bundler = 'unknown' } = captured ?? {};
    const sources = captured && receiptSources(captured);
    // @spec DML-EXE-1802
    return {
      adapter: ran?.adapter ?? LOCAL_ADAPTER,
      attempt,
      backend: ran?.backend ?? 'worker thread',
      bundler,
      executor: program,
      platform: `${platform}-${architecture}`,
      runtime: ran?.runtime ?? `node ${nodeVersion}`,
      schema: RECEIPT_SCHEMA,
      // @spec DML-EXE-3163
      ...(pool !== undefined && { pool }),
      // @spec DML-CAP-0022
      ...(natives.length > 0 && {
        natives: natives.map(({ name, version, sha256 }) => ({ name, version, sha256 })),
      }),
      // @spec DML-EXE-3511
      ...(sources && { sources }),
    };
  }
}
