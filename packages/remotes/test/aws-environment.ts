import { afterEach, vi } from 'vitest';

/** Variables of the environment that the client library reads, so that a test meets only its own. */
const NAMES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
  'AWS_REQUEST_CHECKSUM_CALCULATION',
  'AWS_MAX_ATTEMPTS',
  'AWS_RETRY_MODE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

/** Sets the environment of a test to exactly these variables of AWS; no files and no service of a machine are asked. */
export function setAwsEnvironment(values: Readonly<Record<string, string>>): void {
  for (const name of NAMES) vi.stubEnv(name, undefined);
  const none = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
  const all = { ...none, AWS_EC2_METADATA_DISABLED: 'true', ...values };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
}

/** Credentials in the environment that a server of tests takes. */
export const TEST_KEYS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'testtest' };

/** Puts the environment back after each test of a file. */
export function restoreEnvironment(): void {
  afterEach(() => {
    vi.unstubAllEnvs();
  });
}
