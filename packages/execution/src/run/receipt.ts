import type { DatumId } from '@daggerml/object-model';
import { LOCAL_ADAPTER } from '@daggerml/repository';
import { lowerValue, type ObjectSink } from '@daggerml/values';
import type { CapturedFacts } from './callee.ts';

/**
 * Schema of the receipts that this version makes.
 *
 * @spec DML-EXE-1813
 */
const RECEIPT_SCHEMA = 1;

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

/** The receipts of calls that ran in worker threads of this process: one datum for all that took as many attempts. */
export class Receipts {
  readonly #surroundings: Surroundings;
  readonly #sink: ObjectSink;
  readonly #known = new Map<string, DatumId>();

  constructor(surroundings: Surroundings, sink: ObjectSink) {
    this.#surroundings = surroundings;
    this.#sink = sink;
  }

  /** Returns the receipt of a call that ended with its attempt number `attempt`. */
  of(attempt: number, captured?: Pick<CapturedFacts, 'natives' | 'bundler'>): DatumId {
    const { natives = [], bundler = 'unknown' } = captured ?? {};
    const key = `${attempt} ${bundler} ${natives.map(({ specifier }) => specifier).join(' ')}`;
    let datumId = this.#known.get(key);
    if (datumId === undefined) {
      const { program, nodeVersion, platform, architecture } = this.#surroundings;
      // @spec DML-EXE-1802
      const value = {
        adapter: LOCAL_ADAPTER,
        attempt,
        backend: 'worker thread',
        bundler,
        executor: program,
        platform: `${platform}-${architecture}`,
        runtime: `node ${nodeVersion}`,
        schema: RECEIPT_SCHEMA,
        // @spec DML-CAP-0022
        ...(natives.length > 0 && {
          natives: natives.map(({ name, version, sha256 }) => ({ name, version, sha256 })),
        }),
      };
      datumId = lowerValue(value, this.#sink, 'receipt');
      this.#known.set(key, datumId);
    }
    return datumId;
  }
}
