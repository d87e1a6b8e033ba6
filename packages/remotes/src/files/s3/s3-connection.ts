import type { S3Client } from '@aws-sdk/client-s3';
import { type RemoteError, remoteError } from '../../errors.ts';
import { explainRefusal } from './explain-refusal.ts';
import { repeat } from './repeat.ts';
import { failureOf, isClockCorrected, regionIn, type S3Failure } from './s3-failure.ts';
import type { S3Place, S3Surroundings } from './s3-place.ts';
import { readSettings, type S3Settings } from './s3-settings.ts';
import { Slots } from './slots.ts';

/** The client library, which is loaded late. */
export type S3Library = typeof import('@aws-sdk/client-s3');

/** The time limit of one attempt. */
export interface AttemptLimit {
  readonly abortSignal: AbortSignal;
  /** Allows the time that so many more bytes may take. */
  expect(sizeBytes: number): void;
}

/** Region that requests are signed for; the one that a server names takes the place of a wrong one. */
interface Region {
  value: string;
}

const MAX_SOCKETS = 32;
const QUIET = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const NO_WARNING = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/** Requests to one bucket: each within a time limit, repeated or not, with failures in the words of a remote. */
export class S3Connection {
  readonly place: S3Place;
  readonly name: string;
  readonly library: S3Library;
  readonly client: S3Client;
  readonly surroundings: S3Surroundings;
  readonly #region: Region;
  /** Time limits begin in a place: waiting for a socket would count as waiting for a connection. */
  readonly #slots = new Slots(MAX_SOCKETS);

  private constructor(
    place: S3Place,
    surroundings: S3Surroundings,
    [library, settings]: [S3Library, S3Settings],
  ) {
    this.place = place;
    this.surroundings = surroundings;
    this.library = library;
    this.#region = { value: settings.region };
    this.client = createClient(this, settings, this.#region);
    const folder = [place.bucket, place.prefix].filter((part) => part !== '').join('/');
    this.name = `s3://${folder}${settings.endpoint === undefined ? '' : ` at ${settings.endpoint}`}`;
  }

  /** Creates a connection; nothing is sent yet. */
  static async open(place: S3Place, surroundings: S3Surroundings): Promise<S3Connection> {
    // Loading takes a tenth of a second, which only whoever uses a bucket should wait for.
    // @spec DML-REM-0615
    const parts = await Promise.all([import('@aws-sdk/client-s3'), readSettings(place)]);
    return new S3Connection(place, surroundings, parts);
  }

  /** Returns bucket and key of a path, as requests name them. */
  target(path: string): { Bucket: string; Key: string } {
    const { bucket, prefix } = this.place;
    return { Bucket: bucket, Key: prefix === '' ? path : `${prefix}/${path}` };
  }

  /**
   * Makes a request and repeats it after losses. A failure for which `accept` returns a value is no failure; any other
   * is thrown as the error of a remote that refused or missed the `operation`.
   */
  async run<Result>(
    operation: string,
    request: (limit: AttemptLimit) => Promise<Result>,
    accept: (failure: S3Failure) => Result | 'failed' = () => 'failed',
  ): Promise<Result> {
    const { limits } = this.surroundings;
    const allowedMs = (error: unknown): number => {
      const { kind } = failureOf(error);
      if (kind === 'unconnected') return limits.reconnectMs;
      return kind === 'lost' || kind === 'conflict' ? limits.repeatMs : 0;
    };
    try {
      return await repeat(() => this.attempt(request), allowedMs, this.surroundings);
    } catch (error) {
      const failure = failureOf(error);
      const accepted = accept(failure);
      if (accepted !== 'failed') return accepted;
      throw await this.errorOf(operation, failure);
    }
  }

  /**
   * Makes a request once, and once more where the server did not try it but named another region or time. Throws
   * what the client library throws.
   */
  async attempt<Result>(request: (limit: AttemptLimit) => Promise<Result>): Promise<Result> {
    try {
      return await this.#slots.use(() => withinLimit(request, this.surroundings));
    } catch (error) {
      const region = regionIn(error);
      if (region !== undefined && region !== this.#region.value) this.#region.value = region;
      else if (!isClockCorrected(error)) throw error;
      return this.#slots.use(() => withinLimit(request, this.surroundings));
    }
  }

  /** Returns the error of a remote for a failure. */
  async errorOf(operation: string, failure: S3Failure): Promise<RemoteError> {
    const { kind, reason, cause } = failure;
    const fields = { remote: this.name, operation, reason };
    switch (kind) {
      // @spec DML-REM-0613
      case 'no_bucket':
        return remoteError(
          'remote_missing',
          { ...fields, bucket: this.place.bucket, detail: 'bucket' },
          cause,
        );
      case 'full':
        return remoteError('remote_full', fields, cause);
      // @spec DML-REM-0612
      case 'lost':
      case 'unconnected':
      case 'unreachable':
      case 'unexpected':
        return remoteError('remote_unreachable', fields, cause);
      default:
        return remoteError(
          'remote_refused',
          { ...fields, ...(await explainRefusal(failure, operation, this)) },
          cause,
        );
    }
  }

  close(): void {
    this.client.destroy();
  }
}

function createClient(
  { place, library, surroundings }: S3Connection,
  settings: S3Settings,
  region: Region,
): S3Client {
  const { limits } = surroundings;
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const create = (): S3Client =>
    new library.S3Client({
      ...(place.profile === undefined ? {} : { profile: place.profile }),
      // What is configured is in the settings, so that the library looks for no other endpoint.
      ...(settings.endpoint === undefined
        ? { ignoreConfiguredEndpointUrls: true }
        : { endpoint: settings.endpoint }),
      region: async () => region.value,
      // @spec DML-REM-0640
      forcePathStyle: place.pathStyle ?? settings.endpoint !== undefined,
      // A repeated conditional write meets its own effect and is told that it has failed.
      // @spec DML-REM-0704
      maxAttempts: 1,
      requestChecksumCalculation: settings.requestChecksums,
      responseChecksumValidation: 'WHEN_REQUIRED',
      // It would cost a connection for each large body.
      expectContinueHeader: false,
      logger: QUIET,
      requestHandler: {
        connectionTimeout: limits.connectMs,
        socketTimeout: limits.idleMs,
        httpAgent: agent,
        httpsAgent: agent,
        logger: QUIET,
      },
    });
  // The library reads this variable once, and would talk to the users of a program about its version of Node.
  const before = process.env[NO_WARNING];
  if (before !== undefined) return create();
  process.env[NO_WARNING] = 'true';
  try {
    return create();
  } finally {
    delete process.env[NO_WARNING];
  }
}

/**
 * Makes a request that is given up when its time is over, also where it waits for what does not look at the signal.
 *
 * @spec DML-REM-0607
 */
async function withinLimit<Result>(
  request: (limit: AttemptLimit) => Promise<Result>,
  { limits, startTimer }: S3Surroundings,
): Promise<Result> {
  const controller = new AbortController();
  let moreMs = 0;
  let stopTimer = (): void => undefined;
  const isOver = new Promise<never>((_, reject) => {
    const look = (): void => {
      if (moreMs > 0) {
        stopTimer = startTimer(moreMs, look);
        moreMs = 0;
        return;
      }
      const error = new Error('no answer within the time limit');
      error.name = 'TimeoutError';
      controller.abort(error);
      reject(error);
    };
    stopTimer = startTimer(limits.requestMs, look);
  });
  try {
    return await Promise.race([
      request({
        abortSignal: controller.signal,
        expect: (sizeBytes) => {
          moreMs += (1000 * sizeBytes) / limits.minBytesPerSecond;
        },
      }),
      isOver,
    ]);
  } finally {
    stopTimer();
  }
}
