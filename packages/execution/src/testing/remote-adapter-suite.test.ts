import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultServer } from '@daggerml/remotes/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boxedProgram } from '../../test/remote-programs.ts';
import { type RemoteAdapterUnderTest, remoteAdapterSuite } from './remote-adapter-suite.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml-remote-suite-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

function underTest(
  adapterName: string,
  environment: Readonly<Record<string, string>>,
  newRemote: () => string,
): RemoteAdapterUnderTest {
  const program = boxedProgram(join(folder, 'bin'), `dml-remote-${adapterName}`);
  return { adapterName, program, environment, folder, newRemote };
}

describe('the folder adapter as an executable', () => {
  for (const { name, run } of remoteAdapterSuite) {
    it(`${name} [DML-REM-0662] [DML-REM-0663]`, async () => {
      const newRemote = () => `dml+remote://file${folder}/remote-${++count}`;
      const given = underTest('file', { PATH: process.env.PATH ?? '' }, newRemote);
      await expect(run(given)).resolves.toBeUndefined();
    });
  }
});

describe('the adapter of the page for authors', () => {
  const program = join(import.meta.dirname, '../../../../examples/remote-adapter/bin/dml-remote-shelf');
  for (const { name, run } of remoteAdapterSuite) {
    it(`${name} [DML-REM-0662]`, async () => {
      const newRemote = () => `dml+remote://shelf/shelf-${++count}.db`;
      const environment = { PATH: process.env.PATH ?? '', HOME: folder };
      const given = { adapterName: 'shelf', program, environment, folder, newRemote };
      await expect(run(given)).resolves.toBeUndefined();
    });
  }
});

describe('the bucket adapter as an executable', () => {
  const bucket = 'bucket';
  let server: FaultServer;
  beforeAll(async () => {
    server = await FaultServer.start(bucket);
  });
  afterAll(() => server.close());

  for (const { name, run } of remoteAdapterSuite) {
    it(`${name} [DML-REM-0662] [DML-REM-0663]`, async () => {
      const environment = {
        PATH: process.env.PATH ?? '',
        HOME: folder,
        AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'secret of a test',
        AWS_REGION: 'eu-test-1',
        AWS_EC2_METADATA_DISABLED: 'true',
      };
      const endpoint = encodeURIComponent(server.endpoint);
      const newRemote = () => `dml+remote://s3/${bucket}/remote-${++count}?endpoint=${endpoint}`;
      await expect(run(underTest('s3', environment, newRemote))).resolves.toBeUndefined();
    });
  }
});
