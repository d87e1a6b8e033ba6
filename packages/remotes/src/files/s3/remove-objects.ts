import { inLanes } from './in-lanes.ts';
import type { S3Connection } from './s3-connection.ts';
import type { S3Failure } from './s3-failure.ts';

/** The most objects that one request removes. */
const BATCH = 1_000;
/** Requests under way at a time where each removes one object. */
const LANES = 8;
/** Codes of one object, in the answer to a request for many, that are worth another try. */
const PASSING = new Set([
  'InternalError',
  'ServiceUnavailable',
  'SlowDown',
  'OperationAborted',
  'RequestTimeout',
]);
const GONE = new Set(['NoSuchKey', 'NoSuchVersion', 'NotFound']);

/** Objects that a server left, though it answered with success. */
class LeftObjectsError extends Error {
  override readonly name: string;
  readonly $metadata: { readonly httpStatusCode: number };

  constructor(code: string, message: string) {
    super(message);
    this.name = code;
    this.$metadata = { httpStatusCode: PASSING.has(code) ? 503 : 403 };
  }
}

/**
 * Removal of objects: many by one request, or one by one where the server does not know requests for many.
 *
 * @spec DML-REM-0647
 */
export class ObjectRemover {
  readonly #connection: S3Connection;
  #isOneByOne = false;

  constructor(connection: S3Connection) {
    this.#connection = connection;
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (let at = 0; at < paths.length; at += BATCH) {
      const batch = paths.slice(at, at + BATCH);
      if (!this.#isOneByOne) this.#isOneByOne = !(await this.#removeMany(batch));
      if (this.#isOneByOne) await this.#removeEach(batch);
    }
  }

  /** Removes a batch; returns false where the server does not do so. */
  async #removeMany(paths: readonly string[]): Promise<boolean> {
    const { library, client, place } = this.#connection;
    const Objects = paths.map((path) => ({ Key: this.#connection.target(path).Key }));
    const input = { Bucket: place.bucket, Delete: { Quiet: true, Objects } };
    return this.#connection.run<boolean>(
      `delete ${paths.length === 1 ? paths[0] : `${paths.length} files`}`,
      async (limit) => {
        const answer = await client.send(new library.DeleteObjectsCommand(input), limit);
        const left = (answer.Errors ?? []).filter(({ Code: code = '' }) => !GONE.has(code));
        // One that another try will not remove says more than one that it may.
        const first = left.find(({ Code: code = '' }) => !PASSING.has(code)) ?? left[0];
        // @spec DML-REM-0648
        if (first !== undefined)
          throw new LeftObjectsError(first.Code ?? '', `${first.Key}: ${first.Message}`);
        return true;
      },
      (failure) => (isOfTheRequest(failure) ? false : 'failed'),
    );
  }

  async #removeEach(paths: readonly string[]): Promise<void> {
    const { library, client } = this.#connection;
    await inLanes(LANES, paths.length, async (at) => {
      const path = paths[at] as string;
      const command = new library.DeleteObjectCommand(this.#connection.target(path));
      await this.#connection.run<unknown>(
        `delete ${path}`,
        (limit) => client.send(command, limit),
        ({ kind }) => (kind === 'absent' ? undefined : 'failed'),
      );
    });
  }
}

/** Checks whether a server refused a request for many as such; removing one by one shows whether it did for its rights. */
function isOfTheRequest({ kind, status }: S3Failure): boolean {
  return kind === 'refused' && status !== undefined && status !== 401 && status !== 403;
}
