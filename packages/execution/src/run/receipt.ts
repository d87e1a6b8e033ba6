import type { DatumId } from '@daggerml/object-model';
import { LOCAL_ADAPTER } from '@daggerml/repository';
import { lowerValue, type ObjectSink } from '@daggerml/values';
import type { Attempt } from './attempts.ts';
import { type ReceiptFacts, receiptSources } from './receipt-sources.ts';

/**
 * Schema of the receipts that this version makes.
 *
 * @spec DML-EXE-1813
 */
const RECEIPT_SCHEMA = 1;

/** The facts of an attempt that a receipt names. */
type EndedAttempt = Pick<Attempt, 'number' | 'pool'>;

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

/** The receipts of calls that ran in worker threads of this process: one for all calls of a function and attempt. */
export class Receipts {
  readonly #surroundings: Surroundings;
  readonly #sink: ObjectSink;
  readonly #known = new WeakMap<object, Map<string, DatumId>>();

  constructor(surroundings: Surroundings, sink: ObjectSink) {
    this.#surroundings = surroundings;
    this.#sink = sink;
  }

  /**
   * Returns the receipt of a call that ended with an attempt.
   *
   * @spec DML-EXE-3510
   */
  of(attempt: EndedAttempt, captured?: ReceiptFacts): DatumId {
    const key = captured ?? this;
    const known = this.#known.get(key) ?? new Map<string, DatumId>();
    this.#known.set(key, known);
    const { number, pool = '' } = attempt;
    const ended = `${number} ${pool}`;
    const datumId = known.get(ended) ?? lowerValue(this.#valueOf(attempt, captured), this.#sink, 'receipt');
    known.set(ended, datumId);
    return datumId;
  }

  #valueOf({ number: attempt, pool }: EndedAttempt, captured: ReceiptFacts | undefined): object {
    const { program, nodeVersion, platform, architecture } = this.#surroundings;
    const { natives = [], bundler = 'unknown' } = captured ?? {};
    const sources = captured && receiptSources(captured);
    // @spec DML-EXE-1802
    return {
      adapter: LOCAL_ADAPTER,
      attempt,
      backend: 'worker thread',
      bundler,
      executor: program,
      platform: `${platform}-${architecture}`,
      runtime: `node ${nodeVersion}`,
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
