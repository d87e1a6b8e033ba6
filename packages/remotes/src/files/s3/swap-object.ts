import type { SwapAnswer } from '../remote-files.ts';
import { repeat } from './repeat.ts';
import type { S3Connection } from './s3-connection.ts';
import { failureOf } from './s3-failure.ts';

/**
 * Writes an object on a condition, and says what the server said.
 *
 * @spec DML-REM-0606
 */
export async function swapObject(
  connection: S3Connection,
  path: string,
  expected: string | null,
  bytes: Uint8Array,
): Promise<SwapAnswer> {
  const { library, client, surroundings } = connection;
  const write = (): Promise<string | undefined> =>
    connection.attempt(async (limit) => {
      limit.expect(bytes.length);
      const answer = await client.send(
        new library.PutObjectCommand({
          ...connection.target(path),
          ...(expected === null ? { IfNoneMatch: '*' } : { IfMatch: expected }),
          Body: bytes,
        }),
        limit,
      );
      return answer.ETag;
    });
  // Only an answer that says that nothing was tried allows another attempt: any other may hide an effect.
  // @spec DML-REM-0645
  const allowedMs = (error: unknown): number =>
    failureOf(error).kind === 'conflict' ? surroundings.limits.conflictMs : 0;
  try {
    const version = await repeat(write, allowedMs, surroundings);
    // Whoever swaps reads back then, which brings the version.
    return version === undefined
      ? { outcome: 'unknown', cause: new Error('the answer has no entity tag') }
      : { outcome: 'applied', version };
  } catch (error) {
    const failure = failureOf(error);
    switch (failure.kind) {
      case 'precondition':
        return { outcome: 'refused' };
      case 'absent':
        // Of an object that is to be replaced; creating one does not say so.
        if (expected !== null) return { outcome: 'refused' };
        throw await connection.errorOf(`write ${path}`, failure);
      case 'conflict':
      case 'lost':
      case 'unexpected':
        return { outcome: 'unknown', cause: failure.cause };
      default:
        throw await connection.errorOf(`write ${path}`, failure);
    }
  }
}
