import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { restoreEnvironment, setAwsEnvironment, TEST_KEYS } from '../../../test/aws-environment.ts';
import { BUCKET } from '../../../test/s3-world.ts';
import { FaultServer } from '../../testing/fault-server.ts';
import { remoteFilesSuite } from '../../testing/remote-files-suite.ts';
import { openS3Files } from './s3-files.ts';

restoreEnvironment();
let server: FaultServer;
beforeAll(async () => {
  server = await FaultServer.start(BUCKET);
});
beforeEach(() => setAwsEnvironment(TEST_KEYS));
afterAll(() => server.close());

describe('the bucket adapter', () => {
  for (const [at, { name, run }] of remoteFilesSuite.entries()) {
    it(`${name} [DML-REM-0603]`, async () => {
      const open = () => openS3Files({ bucket: BUCKET, prefix: `case ${at}`, endpoint: server.endpoint });
      await expect(run({ open })).resolves.toBeUndefined();
    });
  }
});
