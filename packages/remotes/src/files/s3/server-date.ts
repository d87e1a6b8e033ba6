import type { S3Connection } from './s3-connection.ts';
import { failureOf, S3AnswerError } from './s3-failure.ts';

/** Part of an answer before the client library has looked at it. */
interface RawAnswer {
  readonly headers?: Readonly<Record<string, string>>;
}

/** Returns the time in the answer to a request for an object, which need not be there. */
export async function serverDate(connection: S3Connection, path: string): Promise<number> {
  const { library, client } = connection;
  let date = '';
  const request = new library.HeadObjectCommand(connection.target(path));
  request.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = (result.response as RawAnswer).headers?.date ?? '';
      return result;
    },
    // Within the step that turns answers into errors.
    { step: 'deserialize', priority: 'low', name: 'dateOfAnswer' },
  );
  return connection.run('tell the time', async (limit) => {
    try {
      await client.send(request, limit);
    } catch (error) {
      // Without a body, no answer says more of what is absent.
      if (failureOf(error).status !== 404) throw error;
    }
    const timeMs = Date.parse(date);
    if (Number.isNaN(timeMs)) throw new S3AnswerError('the answer has no date');
    return timeMs;
  });
}
