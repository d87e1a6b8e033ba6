import type { CompletedPart, PutObjectCommand } from '@aws-sdk/client-s3';
import { remoteError } from '../../errors.ts';
import { inLanes } from './in-lanes.ts';
import type { S3Connection } from './s3-connection.ts';
import { S3AnswerError } from './s3-failure.ts';

/** Largest file that is put by one request: a segment, since several of them are under way at a time. */
const MAX_SINGLE_BYTES = 64 * 1024 * 1024;
const PART_BYTES = 16 * 1024 * 1024;
/** The most parts that S3 takes. */
const MAX_PARTS = 10_000;
/** Parts under way at a time. */
const LANES = 4;
/** Times that an upload is begun which its server has forgotten. */
const MAX_UPLOADS = 3;

/** Bytes of an object, and their SHA-256 in hex digits where it is known. */
interface Content {
  readonly bytes: Uint8Array;
  readonly sha256: string | undefined;
}

/** Writes an object, a large one in parts. */
export async function putObject(
  connection: S3Connection,
  path: string,
  { bytes, sha256 }: Content,
): Promise<void> {
  // @spec DML-REM-0616
  if (bytes.length > MAX_SINGLE_BYTES) return putInParts(connection, path, bytes);
  const { library, client } = connection;
  await connection.run(`write ${path}`, (limit) => {
    limit.expect(bytes.length);
    const command = new library.PutObjectCommand({ ...connection.target(path), Body: bytes });
    if (sha256 !== undefined) signWith(command, sha256);
    return client.send(command, limit);
  });
}

/** Makes a request be signed with the known hash of its body, which the client library would compute otherwise. */
function signWith({ middlewareStack }: PutObjectCommand, sha256: string): void {
  middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build' },
  );
}

async function putInParts(connection: S3Connection, path: string, bytes: Uint8Array): Promise<void> {
  for (let left = MAX_UPLOADS; left > 0; left -= 1) {
    const upload = await Upload.begin(connection, path);
    try {
      const parts = await upload.sendParts(bytes);
      if (parts !== undefined && (await upload.complete(parts))) return;
      // The answer to a completion that is repeated, since the first answer was lost, is that there is no such upload.
      if ((await upload.sizeOfObject()) === bytes.length) return;
    } catch (error) {
      await upload.abort();
      throw error;
    }
  }
  const reason = 'the server forgot the upload each time';
  throw remoteError('remote_unreachable', { remote: connection.name, operation: `write ${path}`, reason });
}

/** One upload in parts. */
class Upload {
  readonly #connection: S3Connection;
  readonly #operation: string;
  readonly #target: { Bucket: string; Key: string };
  readonly #uploadId: string;

  private constructor(connection: S3Connection, path: string, uploadId: string) {
    this.#connection = connection;
    this.#operation = `write ${path}`;
    this.#target = connection.target(path);
    this.#uploadId = uploadId;
  }

  static async begin(connection: S3Connection, path: string): Promise<Upload> {
    const { library, client } = connection;
    const uploadId = await connection.run(`write ${path}`, async (limit) => {
      const command = new library.CreateMultipartUploadCommand(connection.target(path));
      const { UploadId } = await client.send(command, limit);
      if (UploadId === undefined) throw new S3AnswerError('the answer names no upload');
      return UploadId;
    });
    return new Upload(connection, path, uploadId);
  }

  /** Sends all parts, some at a time; returns undefined where the server knows nothing of the upload. */
  async sendParts(bytes: Uint8Array): Promise<CompletedPart[] | undefined> {
    const partBytes = Math.max(PART_BYTES, Math.ceil(bytes.length / MAX_PARTS));
    const count = Math.ceil(bytes.length / partBytes);
    const parts: CompletedPart[] = [];
    let isKnown = true;
    await inLanes(LANES, count, async (at) => {
      if (!isKnown) return;
      const entityTag = await this.#sendPart(at + 1, bytes.subarray(at * partBytes, (at + 1) * partBytes));
      parts[at] = { ETag: entityTag, PartNumber: at + 1 };
      isKnown &&= entityTag !== undefined;
    });
    return isKnown ? parts : undefined;
  }

  async #sendPart(partNumber: number, bytes: Uint8Array): Promise<string | undefined> {
    const { library, client } = this.#connection;
    const input = { ...this.#target, UploadId: this.#uploadId, PartNumber: partNumber, Body: bytes };
    return this.#connection.run<string | undefined>(
      this.#operation,
      async (limit) => {
        limit.expect(bytes.length);
        const { ETag } = await client.send(new library.UploadPartCommand(input), limit);
        if (ETag === undefined) throw new S3AnswerError('the answer has no entity tag');
        return ETag;
      },
      ({ kind }) => (kind === 'no_upload' ? undefined : 'failed'),
    );
  }

  /** Makes one object of the parts; returns false where the server knows nothing of the upload. */
  async complete(parts: CompletedPart[]): Promise<boolean> {
    const { library, client } = this.#connection;
    const input = { ...this.#target, UploadId: this.#uploadId, MultipartUpload: { Parts: parts } };
    return this.#connection.run<boolean>(
      this.#operation,
      async (limit) => {
        await client.send(new library.CompleteMultipartUploadCommand(input), limit);
        return true;
      },
      ({ kind }) => (kind === 'no_upload' ? false : 'failed'),
    );
  }

  /** Returns the size of the object that the upload is for; undefined where there is none. */
  async sizeOfObject(): Promise<number | undefined> {
    const { library, client } = this.#connection;
    return this.#connection.run(
      this.#operation,
      async (limit) => (await client.send(new library.HeadObjectCommand(this.#target), limit)).ContentLength,
      ({ status }) => (status === 404 ? undefined : 'failed'),
    );
  }

  /**
   * Removes the parts, which no listing shows and for which the owner of the bucket pays.
   *
   * @spec DML-REM-0644
   */
  async abort(): Promise<void> {
    const { library, client } = this.#connection;
    const input = { ...this.#target, UploadId: this.#uploadId };
    // The failure that led here is the one to report.
    await this.#connection
      .attempt((limit) => client.send(new library.AbortMultipartUploadCommand(input), limit))
      .catch(() => undefined);
  }
}
