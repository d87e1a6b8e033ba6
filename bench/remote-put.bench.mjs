import { randomFillSync } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { canonicalRemoteUri, openFiles } from '@daggerml/remotes';
import { fetchProgram, PROGRAMS } from '../ci/servers/catalog.mjs';
import { withServers } from '../ci/servers/serve.mjs';
import { interleave, judge, median, ratio, timeMs } from './harness.mjs';

const MIB = 2 ** 20;
/** Size of a segment; each is one file of a remote. */
const SEGMENT_BYTES = 64 * MIB;
const SEGMENTS = 16;
const BUCKET = 'bench';
const PROGRAM = 'versitygw-optimised';

const pathOf = (number) => `segments/0-${'0'.repeat(64)}-${number.toString(16).padStart(32, '0')}.car`;

/** Calls `put` for every segment, one after the other. */
async function putAll(put) {
  for (let number = 0; number < SEGMENTS; number += 1) await put(pathOf(number));
}

export async function run() {
  const problem = await fetchProgram(PROGRAM);
  if (problem !== undefined) {
    process.stderr.write(`  without a bucket: ${problem}\n`);
    return [];
  }
  const { accessKey, secretKey } = PROGRAMS[PROGRAM].keys;
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey });
  return withServers(PROGRAM, {}, async ([endpoint]) => {
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const uri = canonicalRemoteUri(`s3://${BUCKET}/dml?endpoint=${endpoint}&region=us-east-1`, '/');
    const clock = { now: Date.now, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };
    const files = await openFiles(uri, {
      clock,
      randomBytes: (count) => randomFillSync(Buffer.alloc(count)),
    });
    const bytes = randomFillSync(Buffer.alloc(SEGMENT_BYTES));
    const upload = (path) =>
      new Upload({ client, params: { Bucket: BUCKET, Key: `sdk/${path}`, Body: bytes } }).done();
    const subjects = [
      { name: 'dml', run: () => timeMs(() => putAll((path) => files.put(path, bytes))) },
      { name: 'sdk', run: () => timeMs(() => putAll(upload)) },
    ];
    const times = await interleave(subjects, { rounds: 3, warmups: 0 });
    await files.close();
    client.destroy();
    const rate = (SEGMENTS * SEGMENT_BYTES) / 1e3 / median(times.get('dml'));
    return [
      judge('DML-REM-0650', {
        what: `put 1 GiB to a bucket on this machine, in ${SEGMENTS} files (${rate.toFixed(0)} MB/s)`,
        against: 'Upload of the AWS SDK',
        value: ratio(times, 'dml', 'sdk'),
        atMost: 1.2,
      }),
    ];
  });
}
