/**
 * Tries a bucket on servers that run, and prints what it found.
 *
 * `node try-server.mjs suite <url> …` runs the suite of Remote Adapters and the check of remotes, `check` the check alone.
 * Connections and requests take turns between the servers, which are of one bucket.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../../tools/run/workspace.mjs';

const BUCKET = 'suite';
const PATH = `segments/0-${'0'.repeat(64)}-${'0'.repeat(32)}.car`;
const LARGE_BYTES = 70 * 2 ** 20;

/** Time of a check; a server that has not convinced it by then is found out too. */
const CHECK_MS = 60_000;

const [mode, ...endpoints] = process.argv.slice(2);
/** Longest time for a case; bad servers may never come to its end. */
const CASE_MS = Number(process.env.DML_SERVER_CASE_MS ?? 120_000);
const packageFile = join(root, 'packages/remotes/package.json');
const { CreateBucketCommand, S3Client } = createRequire(packageFile)('@aws-sdk/client-s3');
const { openS3Files } = await import('../../packages/remotes/dist/files/s3/s3-files.js');
const { checkRemote, systemRemote } = await import('../../packages/remotes/dist/index.js');
const { remoteFilesSuite } = await import('../../packages/remotes/dist/testing/index.js');

let openCount = 0;
const open = (prefix, bucket = BUCKET) =>
  openS3Files({ bucket, prefix, endpoint: endpoints[openCount++ % endpoints.length] });

/** Returns the first line of the error that an act ends with within the time of a case; undefined where it ends well. */
async function failureOf(act) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, CASE_MS, `no end within ${CASE_MS / 1000} s`);
  });
  const ended = act().then(
    () => undefined,
    (error) => String(error.message).split('\n')[0],
  );
  const failure = await Promise.race([ended, late]);
  clearTimeout(timer);
  return failure;
}

async function runSuite() {
  const failed = [];
  for (const [at, { name, run }] of remoteFilesSuite.entries()) {
    const failure = await failureOf(() => run({ open: () => open(`case ${at}`) }));
    if (failure !== undefined) failed.push(`${name}: ${failure}`);
  }
  return { passed: remoteFilesSuite.length - failed.length, failed };
}

/** Returns the verdict of a check whose requests take turns between the servers. */
async function runCheck() {
  const all = await Promise.all(endpoints.map(() => open('check')));
  let next = 0;
  const files = new Proxy(all[0], {
    get: (first, member) =>
      typeof first[member] === 'function'
        ? (...args) => all[next++ % all.length][member](...args)
        : first[member],
  });
  const { verdict, parts } = await checkRemote(systemRemote(files, 'ci'), { limitMs: CHECK_MS });
  const findings = parts.filter(({ result }) => result !== 'passed').map(({ finding }) => finding);
  return { verdict, findings, checkMs: parts.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0) };
}

/** Returns the code of the error that reading a mutable file ends with; "none" where it ends well. */
async function codeOf(files) {
  const code = await files.readVersion('CURRENT.json').then(
    () => 'none',
    (error) => error.code ?? String(error),
  );
  await files.close();
  return code;
}

/** Returns "whole" where a file that is sent in parts comes back as it was. */
async function fateOfLargeFile() {
  const failure = await failureOf(async () => {
    const files = await open('large');
    const bytes = Buffer.alloc(LARGE_BYTES, 'a large file; ');
    await files.put(PATH, bytes);
    const found = await files.read(PATH);
    await files.close();
    if (found === undefined || !bytes.equals(found)) throw new Error('other bytes');
  });
  return failure ?? 'whole';
}

async function refusals() {
  const missing = await codeOf(await open('', 'no-such-bucket'));
  process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
  return { missing, refused: await codeOf(await open('')) };
}

// A case that was given up goes on, and nobody waits for its end.
process.on('unhandledRejection', () => undefined);
const client = new S3Client({ endpoint: endpoints[0], region: 'us-east-1', forcePathStyle: true });
await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
const check = await runCheck();
const startedAtMs = performance.now();
const suite = mode === 'suite' ? await runSuite() : {};
const suiteMs = Math.round(performance.now() - startedAtMs);
const others = mode === 'suite' ? { suiteMs, large: await fateOfLargeFile(), ...(await refusals()) } : {};
process.stdout.write(`${JSON.stringify({ ...check, ...suite, ...others })}\n`);
process.exit();
