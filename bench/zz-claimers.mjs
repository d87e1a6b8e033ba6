import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { fetchProgram, PROGRAMS } from '../ci/servers/catalog.mjs';
import { withServers } from '../ci/servers/serve.mjs';

const [name, ...rest] = process.argv.slice(2);
const problem = await fetchProgram(name);
if (problem) throw new Error(problem);
const { accessKey, secretKey } = PROGRAMS[name].keys;
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: accessKey,
  AWS_SECRET_ACCESS_KEY: secretKey,
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
});
await withServers(name, {}, async ([endpoint]) => {
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: 'bucket' }));
  const uri = `dml+remote://s3/bucket/remote?endpoint=${encodeURIComponent(endpoint)}&region=us-east-1`;
  const child = spawn(
    process.execPath,
    ['packages/remotes/test/dist/test/claimers/run.child.js', '--uri', uri, ...rest],
    { stdio: 'inherit' },
  );
  await once(child, 'close');
});
