/**
 * Tries a bucket on servers that run: the suite of Remote Adapters, refusals, and `checkRemote`. Prints what it found.
 *
 * `node try-server.mjs <url> …`: connections take turns between the servers, which are of one bucket.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../../tools/run/workspace.mjs';

const CASE_MS = 20_000;
const BUCKET = 'suite';
const HASH = '0'.repeat(64);
const PATH = `segments/0-${HASH}-${'0'.repeat(32)}.car`;

const endpoints = process.argv.slice(2);
const packageFile = join(root, 'packages/remotes/package.json');
const { CreateBucketCommand, S3Client } = createRequire(packageFile)('@aws-sdk/client-s3');
const { openS3Files } = await import('../../packages/remotes/dist/files/s3/s3-files.js');
const { remoteFilesSuite } = await import('../../packages/remotes/dist/testing/index.js');

let openCount = 0;
const open = (prefix, bucket = BUCKET) =>
  openS3Files({ bucket, prefix, endpoint: endpoints[openCount++ % endpoints.length] });

/** Runs the suite and returns the names of the cases that failed, with the reason. */
async function runSuite() {
  const failed = [];
  for (const [at, { name, run }] of remoteFilesSuite.entries()) {
    const reason = await within(CASE_MS, () => run({ open: () => open(`case ${at}`) }));
    if (reason !== undefined) failed.push(`${name}: ${reason}`);
  }
  return { passed: remoteFilesSuite.length - failed.length, failed };
}

/** Returns the code of the error that reading a mutable file ends with; "none" where it ends well. */
async function codeOf(files) {
  try {
    await files.readVersion('CURRENT.json');
    return 'none';
  } catch (error) {
    return error.code ?? String(error);
  } finally {
    await files.close();
  }
}

async function within(ms, act) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms, `no end within ${ms / 1000} s`);
  });
  const ended = act().then(
    () => undefined,
    (error) => String(error.message).split('\n')[0],
  );
  try {
    return await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Puts a large file on a server that forgets nothing; returns whether it came back whole. */
async function isLargeFileWhole() {
  const files = await open('large');
  const bytes = Buffer.alloc(70 * 2 ** 20, 'large ');
  await files.put(PATH, bytes);
  const found = await files.read(PATH);
  await files.close();
  return found !== undefined && bytes.equals(found);
}

const client = new S3Client({ endpoint: endpoints[0], forcePathStyle: true });
await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
const startedAtMs = performance.now();
const suite = await runSuite();
const seconds = (performance.now() - startedAtMs) / 1000;
const missing = await codeOf(await open('', 'no-such-bucket'));
const isWhole = await within(CASE_MS, async () => {
  if (!(await isLargeFileWhole())) throw new Error('other bytes');
});
process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
const refused = await codeOf(await open(''));
process.stdout.write(
  `${JSON.stringify({ ...suite, seconds, missing, refused, large: isWhole ?? 'whole' })}\n`,
);
// A case that was given up may still hold connections.
process.exit();
