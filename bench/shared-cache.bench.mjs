/** Publishing a million calls to a bucket, and a run whose calls are all in the cache of one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { FaultServer } from '@daggerml/remotes/testing';
import { judge } from './harness.mjs';

const PUBLISHED = Number(process.env.DML_BENCH_PUBLISHED ?? 1_000_000);
const CALLS = 10_000;
const BUCKET = 'bench';
const KEYS = {
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_EC2_METADATA_DISABLED: 'true',
};
const CHILD = fileURLToPath(new URL('./shared-cache.child.mjs', import.meta.url));

/** Runs a process on a bucket and returns its figures. */
async function inProcess(server, order, count) {
  const endpoint = encodeURIComponent(server.endpoint);
  const uri = `dml+remote://s3/${BUCKET}/${order === 'publish' ? 'published' : 'calls'}?endpoint=${endpoint}`;
  const child = spawn(process.execPath, ['--expose-gc', CHILD, order, uri, `${count}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...KEYS },
  });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${order} ended with ${code}`);
  return JSON.parse(text);
}

export async function run() {
  const server = await FaultServer.start(BUCKET);
  try {
    const published = await inProcess(server, 'publish', PUBLISHED);
    const requests = server.count();
    server.buckets.createBucket(BUCKET);
    const first = await inProcess(server, 'run', CALLS);
    if (first.executed !== CALLS) throw new Error(`${first.executed} of ${CALLS} calls were executed`);
    const again = await inProcess(server, 'run', CALLS);
    if (again.executed > 0) throw new Error(`${again.executed} calls were executed again`);
    const { seconds, beforeMiB, peakMiB, sentBytes } = published;
    const size = `${(sentBytes / 1e6).toFixed(0)} MB, ${seconds.toFixed(0)} s`;
    return [
      judge(undefined, {
        what: `requests of publishing ${PUBLISHED} calls to a bucket (${size})`,
        against: 'one request for each',
        value: requests,
        atMost: 200,
        unit: ' requests',
      }),
      judge(undefined, {
        what: `memory of publishing ${PUBLISHED} calls (${peakMiB.toFixed(0)} MiB at the peak)`,
        against: `before (${beforeMiB.toFixed(0)} MiB, with the list of calls)`,
        value: peakMiB - beforeMiB,
        atMost: 1_024,
        unit: ' MiB',
      }),
      judge(undefined, {
        what: `requests before the first value of ${CALLS} calls that a bucket's cache has, empty store (${again.requests} for all in ${again.seconds.toFixed(1)} s)`,
        against: '–',
        value: again.first.requests,
        atMost: 30,
        unit: ' requests',
      }),
      judge(undefined, {
        what: 'time until the first value of them',
        against: '–',
        value: again.first.ms,
        atMost: 2_000,
        unit: ' ms',
      }),
    ];
  } finally {
    await server.close();
  }
}
