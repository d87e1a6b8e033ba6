import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { ByteRange } from '../remote-files.ts';
import type { AttemptLimit } from './s3-connection.ts';
import { S3AnswerError } from './s3-failure.ts';

/** Returns the bytes of an answer, which are as many as it announces. */
export async function readBody(answer: GetObjectCommandOutput, limit: AttemptLimit): Promise<Buffer> {
  const { Body: body, ContentLength: announced } = answer;
  // An error under the status 200.
  if (answer.ETag === undefined && answer.ContentType === 'application/xml')
    throw new S3AnswerError('the answer is none of a file');
  if (announced !== undefined) limit.expect(announced);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
  }
  // @spec DML-REM-0643
  if (announced !== undefined && sizeBytes !== announced)
    throw new S3AnswerError(`${sizeBytes} bytes of ${announced} arrived`);
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, sizeBytes);
}

const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/;

/** Returns the bytes of a range, also from a server that answers with the whole object. */
export async function readRange(
  answer: GetObjectCommandOutput,
  range: ByteRange,
  limit: AttemptLimit,
): Promise<Buffer> {
  const bytes = await readBody(answer, limit);
  if (answer.$metadata.httpStatusCode !== 206)
    return bytes.subarray(range.offset, range.offset + range.length);
  const [, first, last, size] = CONTENT_RANGE.exec(answer.ContentRange ?? '') ?? [];
  const end = Math.min(range.offset + range.length, Number(size));
  if (Number(first) !== range.offset || Number(last) !== end - 1 || bytes.length !== end - range.offset)
    throw new S3AnswerError(`the range ${answer.ContentRange} is not the one that was asked for`);
  return bytes;
}
