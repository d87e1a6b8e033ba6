import { remoteError } from '../../errors.ts';
import { CURRENT_PATH, checkPath } from '../../format/file-path.ts';
import { startSystemTimer } from '../../timer.ts';
import type { ByteRange, FileVersion, ListedFile, RemoteFiles, SwapAnswer } from '../remote-files.ts';
import { putObject } from './put-object.ts';
import { ObjectRemover } from './remove-objects.ts';
import { readBody, readRange } from './s3-body.ts';
import { S3Connection } from './s3-connection.ts';
import { S3AnswerError } from './s3-failure.ts';
import { DEFAULT_LIMITS, type S3Place, type S3Surroundings } from './s3-place.ts';
import { serverDate } from './server-date.ts';
import { swapObject } from './swap-object.ts';

/** Creates the files of a remote in a bucket; nothing is sent before the first operation. */
export async function openS3Files(
  place: S3Place,
  surroundings: Partial<S3Surroundings> = {},
): Promise<RemoteFiles> {
  const whole: S3Surroundings = {
    limits: DEFAULT_LIMITS,
    nowMs: () => performance.now(),
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    startTimer: startSystemTimer,
    random: Math.random,
    ...surroundings,
  };
  return new S3Files(await S3Connection.open(place, whole));
}

/** Files of a remote in a bucket: a file is an object, and its version is the entity tag. */
class S3Files implements RemoteFiles {
  readonly name: string;
  readonly #connection: S3Connection;
  readonly #remover: ObjectRemover;

  constructor(connection: S3Connection) {
    this.name = connection.name;
    this.#connection = connection;
    this.#remover = new ObjectRemover(connection);
  }

  async read(path: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    checkPath(path, 'immutable');
    const { library, client } = this.#connection;
    // HTTP has no empty range; whether the file is there has to be asked all the same.
    const asked = range?.length === 0 ? { offset: 0, length: 1 } : range;
    const bounds = asked && { Range: `bytes=${asked.offset}-${asked.offset + asked.length - 1}` };
    const command = new library.GetObjectCommand({ ...this.#connection.target(path), ...bounds });
    const bytes = await this.#connection.run<Buffer | undefined>(
      `read ${path}`,
      async (limit) => {
        const answer = await client.send(command, limit);
        return asked === undefined ? readBody(answer, limit) : readRange(answer, asked, limit);
      },
      ({ kind }) => {
        if (kind === 'absent') return undefined;
        return kind === 'outside' && asked !== undefined ? Buffer.alloc(0) : 'failed';
      },
    );
    return range?.length === 0 ? bytes?.subarray(0, 0) : bytes;
  }

  async put(path: string, bytes: Uint8Array, sha256?: string): Promise<void> {
    checkPath(path, 'immutable');
    await putObject(this.#connection, path, { bytes, sha256 });
  }

  async readVersion(path: string, knownVersion?: string): Promise<FileVersion | 'unchanged' | undefined> {
    checkPath(path, 'mutable');
    const { library, client } = this.#connection;
    const condition = knownVersion === undefined ? {} : { IfNoneMatch: knownVersion };
    const command = new library.GetObjectCommand({ ...this.#connection.target(path), ...condition });
    const found = await this.#connection.run<FileVersion | 'unchanged' | 'without version' | undefined>(
      `read ${path}`,
      async (limit) => {
        const answer = await client.send(command, limit);
        const bytes = await readBody(answer, limit);
        const { ETag: version } = answer;
        // No other answer will have one.
        if (version === undefined) return 'without version';
        // @spec DML-REM-0646
        return version === knownVersion ? 'unchanged' : { bytes, version };
      },
      ({ kind }) => {
        if (kind === 'absent') return undefined;
        return kind === 'unchanged' && knownVersion !== undefined ? 'unchanged' : 'failed';
      },
    );
    if (found !== 'without version') return found;
    throw remoteError('remote_unsafe', { remote: this.name, reason: 'its files have no entity tags' });
  }

  async swap(path: string, expected: string | null, bytes: Uint8Array): Promise<SwapAnswer> {
    checkPath(path, 'mutable');
    return swapObject(this.#connection, path, expected, bytes);
  }

  async *list(prefix: string): AsyncGenerator<ListedFile> {
    checkPath(prefix, 'prefix');
    const { library, client } = this.#connection;
    const { Bucket, Key: Prefix } = this.#connection.target(prefix);
    const rootLength = Prefix.length - prefix.length;
    let after: string | undefined;
    do {
      const page = { Bucket, Prefix, ...(after === undefined ? {} : { ContinuationToken: after }) };
      const answer = await this.#connection.run(`list ${prefix}`.trimEnd(), async (limit) => {
        const found = await client.send(new library.ListObjectsV2Command(page), limit);
        const next = found.NextContinuationToken;
        if (found.IsTruncated && (next === undefined || next === after))
          throw new S3AnswerError('the listing does not go on');
        return found;
      });
      // Consoles make an empty object of the name of a folder.
      for (const { Key: key = '', Size: sizeBytes = 0 } of answer.Contents ?? [])
        if (key.length > rootLength) yield { path: key.slice(rootLength), sizeBytes };
      after = answer.IsTruncated ? answer.NextContinuationToken : undefined;
    } while (after !== undefined);
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) checkPath(path, 'removable');
    await this.#remover.remove(paths);
  }

  async now(): Promise<number> {
    return serverDate(this.#connection, CURRENT_PATH);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
