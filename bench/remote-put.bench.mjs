/** 1 GiB to a bucket on this machine: put as files, and pushed from a repository, against the client library alone. */
import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { Repository } from '@daggerml/bindings';
import { canonicalRemoteUri, openFiles, push, systemRemote, systemSurroundings } from '@daggerml/remotes';
import { openStore } from '@daggerml/store';
import { fetchProgram, PROGRAMS } from '../ci/servers/catalog.mjs';
import { withServers } from '../ci/servers/serve.mjs';
import { interleave, judge, median, ratio, timeMs, withFolder } from './harness.mjs';

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

/** Makes a repository whose one commit reaches 1 GiB in blobs, none of which has a part of another. */
async function makeRepository(folder) {
  const repository = await Repository.init(folder);
  const dag = repository.newDag('bench');
  const blobs = [];
  for (let number = 0; number < SEGMENTS; number += 1)
    blobs.push(await dag.blob(Readable.from([randomFillSync(Buffer.alloc(SEGMENT_BYTES))])));
  await dag.commit(blobs);
  await repository.close();
}

export async function run() {
  const problem = await fetchProgram(PROGRAM);
  if (problem !== undefined) {
    process.stderr.write(`  without a bucket: ${problem}\n`);
    return [];
  }
  const { accessKey, secretKey } = PROGRAMS[PROGRAM].keys;
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey });
  return withFolder((folder) => withServers(PROGRAM, {}, ([endpoint]) => compare(folder, endpoint)));
}

async function compare(folder, endpoint) {
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const openIn = (place) =>
    openFiles(
      canonicalRemoteUri(`s3://${BUCKET}/${place}?endpoint=${endpoint}&region=us-east-1`, '/'),
      systemSurroundings(),
    );
  const files = await openIn('dml');
  const bytes = randomFillSync(Buffer.alloc(SEGMENT_BYTES));
  const upload = (path) =>
    new Upload({ client, params: { Bucket: BUCKET, Key: `sdk/${path}`, Body: bytes } }).done();
  await makeRepository(folder);
  const store = await openStore(join(folder, '.dml', 'store'), { mode: 'write', program: 'bench' });
  let pushes = 0;
  const pushOnce = async () => {
    pushes += 1;
    const remote = systemRemote(await openIn(`push-${pushes}`), 'bench');
    await push(remote, {
      store,
      remoteName: `r${pushes}`,
      pushes: [{ ref: store.head(), commitId: store.getRef(store.head()).commitId }],
      memory: { recall: async () => undefined, remember: async () => undefined },
    });
    await remote.files.close();
  };
  const subjects = [
    { name: 'dml', run: () => timeMs(() => putAll((path) => files.put(path, bytes))) },
    { name: 'push', run: () => timeMs(pushOnce) },
    { name: 'sdk', run: () => timeMs(() => putAll(upload)) },
  ];
  const times = await interleave(subjects, { rounds: 3, warmups: 0 });
  await store.close();
  await files.close();
  client.destroy();
  const rateOf = (name) => `${((SEGMENTS * SEGMENT_BYTES) / 1e3 / median(times.get(name))).toFixed(0)} MB/s`;
  return [
    judge('DML-REM-0650', {
      what: `put 1 GiB to a bucket on this machine, in ${SEGMENTS} files (${rateOf('dml')})`,
      against: `Upload of the AWS SDK (${rateOf('sdk')})`,
      value: ratio(times, 'dml', 'sdk'),
      atMost: 1.2,
    }),
    judge('DML-REM-0673', {
      what: `push 1 GiB of blobs to it (${rateOf('push')})`,
      against: `Upload of the AWS SDK (${rateOf('sdk')})`,
      value: ratio(times, 'push', 'sdk'),
      atMost: 1.4,
    }),
  ];
}
