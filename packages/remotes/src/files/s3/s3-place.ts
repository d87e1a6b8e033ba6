import type { StartTimer } from '../../timer.ts';

/** A bucket, the folder in it that a remote is, and whose configuration leads there. */
export interface S3Place {
  readonly bucket: string;
  /** Folder in the bucket, without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
  /** URL of a server other than those of AWS. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Profile of the configuration files of AWS. */
  readonly profile?: string | undefined;
  /** True when the bucket stands in the path of a URL, not in its host name; with an endpoint unless said otherwise. */
  readonly pathStyle?: boolean | undefined;
}

/** Time limits of an adapter, in milliseconds. */
export interface S3Limits {
  /** Longest wait for a connection. */
  readonly connectMs: number;
  /** Longest silence of a connection. */
  readonly idleMs: number;
  /** Longest duration of one request, besides the time that its bytes may take. */
  readonly requestMs: number;
  /** Fewest bytes in a second with which a transfer goes on. */
  readonly minBytesPerSecond: number;
  /** Longest time for the repetitions of a request that is no conditional write. */
  readonly repeatMs: number;
  /** The same where no connection comes about: a wrong address should be told soon. */
  readonly reconnectMs: number;
  /** Longest time for the repetitions of a conditional write that the server did not try. */
  readonly conflictMs: number;
  /** Pause before the first repetition; each next one is twice as long. */
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
}

export const DEFAULT_LIMITS: S3Limits = {
  connectMs: 5_000,
  idleMs: 30_000,
  requestMs: 60_000,
  minBytesPerSecond: 32 * 1024,
  repeatMs: 60_000,
  reconnectMs: 5_000,
  conflictMs: 5_000,
  firstPauseMs: 100,
  maxPauseMs: 10_000,
};

/** Clock and chance, for pauses and limits. */
export interface S3Surroundings {
  readonly limits: S3Limits;
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly startTimer: StartTimer;
  /** Returns a number from 0 up to, not including, 1. */
  readonly random: () => number;
}
