import type { S3Connection } from './s3-connection.ts';
import type { S3Failure } from './s3-failure.ts';

/** Sources of credentials, by the names that the client library gives them. */
const SOURCES: readonly (readonly [RegExp, string])[] = [
  [/ENV_VARS/, 'the environment'],
  [/SSO|LOGIN/, 'a sign-in'],
  [/PROCESS/, 'a program'],
  [/IMDS|HTTP|STS|ROLE/, 'a role'],
];
const EXPIRED = /Expired|TokenRefreshRequired|InvalidToken/;
const OF_CREDENTIALS =
  /AccessDenied|AccessKey|Authorization|Credential|Expired|Forbidden|Signature|Token|status 400/;
const DENIED = /AccessDenied|Forbidden|status 403/;
const NO_CODE = /^status \d+/;

/**
 * Returns why a request was refused: what the server said, whose credentials it was asked with, and the next step.
 *
 * @spec DML-REM-0611
 */
export async function explainRefusal(
  { reason, code, status }: S3Failure,
  operation: string,
  connection: S3Connection,
): Promise<{ reason: string; instead?: string }> {
  // It is loaded: the settings were read with it.
  const { getProfileName } = await import('@smithy/core/config');
  const { profile: namedProfile } = connection.place;
  const profile = `the profile "${namedProfile ?? getProfileName({})}"`;
  if (/(?:Credentials|Token)ProviderError/.test(code)) {
    const where = namedProfile === undefined ? `the environment, ${profile} and the machine` : profile;
    return {
      reason: `no credentials in ${where}: ${reason}`,
      instead: 'set AWS_PROFILE, or name a profile of the configuration of AWS by ?profile=<name>',
    };
  }
  if (status !== 401 && status !== 403 && !OF_CREDENTIALS.test(reason))
    return NO_CODE.test(reason)
      ? { reason, instead: 'see whether the endpoint is that of a server for S3' }
      : { reason };
  const source = namedProfile === undefined ? await sourceOf(connection) : undefined;
  const told = { reason: `${reason}, asked with the credentials of ${source ?? profile}` };
  if (EXPIRED.test(reason)) return { ...told, instead: 'sign in again, then repeat the command' };
  if (DENIED.test(reason) && operation.startsWith('read'))
    return { ...told, instead: 'a bucket also refuses to read absent files to those who lack s3:ListBucket' };
  return told;
}

/** Returns where the credentials come from; undefined for a profile. */
async function sourceOf({ client }: S3Connection): Promise<string | undefined> {
  const identity: object & { readonly $source?: object } = await client.config
    .credentials()
    .catch(() => ({}));
  const names = Object.keys(identity.$source ?? {}).join(' ');
  return SOURCES.find(([pattern]) => pattern.test(names))?.[1];
}
