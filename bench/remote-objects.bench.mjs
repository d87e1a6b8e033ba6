/** Pushes and clones of many small objects, against git on the same disk, and their requests to a bucket. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Repository } from '@daggerml/bindings';
import {
  canonicalRemoteUri,
  memoryOfProcess,
  openFiles,
  push,
  systemRemote,
  systemSurroundings,
} from '@daggerml/remotes';
import { FaultServer } from '@daggerml/remotes/testing';
import { openStore } from '@daggerml/store';
import { bundledCli } from './cli.mjs';
import { git, initBare, makeLoose, makePacked } from './git-blobs.mjs';
import { interleave, judge, median, ratio, timeMs, withFolder } from './harness.mjs';

const OBJECTS = Number(process.env.DML_BENCH_OBJECTS ?? 100_000);
const BUCKET_OBJECTS = Number(process.env.DML_BENCH_BUCKET_OBJECTS ?? 600_000);
const ROUNDS = 5;
const BUCKET = 'bench';
const KEYS = { AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' };

/** Makes a repository with a dag of texts of some 200 bytes, each of them two objects: a literal and its value. */
async function makeRepository(folder, objects) {
  const repository = await Repository.init(folder);
  const dag = repository.newDag('bench');
  const handles = Array.from({ length: objects / 2 }, (_, index) => {
    const digits = createHash('sha256').update(`${index}`).digest('hex');
    return dag.literal(`${digits}${digits.slice(0, 60)}${digits}`);
  });
  await dag.commit(handles);
  await repository.close();
}

/** Opens the store of a repository for reading, for the time of `body`. */
async function withStore(folder, mode, body) {
  const store = await openStore(join(folder, '.dml', 'store'), { mode, program: 'bench' });
  try {
    return await body(store, store.getRef(store.head()).commitId);
  } finally {
    await store.close();
  }
}

/** Times pushes and clones, each of an own process, its start included. */
async function againstGit(root) {
  const dml = bundledCli();
  const runDml = (args) => {
    const { status, stderr } = spawnSync(process.execPath, [dml, ...args], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`dml ${args.join(' ')} ended with ${status}: ${stderr}`);
  };
  const at = (name) => join(root, name);
  const renewed = (name) => {
    rmSync(at(name), { recursive: true, force: true });
    return at(name);
  };
  await makeRepository(at('repository'), OBJECTS);
  const count = await withStore(at('repository'), 'write', (store, commitId) =>
    makePacked(at('packed'), store, commitId),
  );
  makeLoose(at('loose'), at('packed'));
  let remotes = 0;
  const gitPush = (from, to) => {
    initBare(renewed(to));
    return timeMs(() => git(['--git-dir', at(from), 'push', '-q', at(to), 'main']));
  };
  const subjects = [
    {
      name: 'dml push',
      run: () => {
        const remote = renewed('remote');
        remotes += 1;
        runDml(['--repo', at('repository'), 'remote', 'add', `round-${remotes}`, remote]);
        return timeMs(() => runDml(['--repo', at('repository'), '--quiet', 'push', `round-${remotes}`]));
      },
    },
    { name: 'packed push', run: () => gitPush('packed', 'bare') },
    { name: 'loose push', run: () => gitPush('loose', 'bare-of-loose') },
    {
      name: 'dml clone',
      run: () => {
        const clone = renewed('clone');
        return timeMs(() => runDml(['--quiet', 'clone', at('remote'), clone]));
      },
    },
    {
      name: 'git clone',
      // A path instead of a URL would link the files of the other repository.
      run: () => {
        const clone = renewed('git-clone');
        return timeMs(() => git(['clone', '-q', '--bare', `file://${at('bare')}`, clone]));
      },
    },
  ];
  const times = await interleave(subjects, { rounds: ROUNDS, warmups: 1 });
  const seconds = (name) => `${(median(times.get(name)) / 1000).toFixed(2)} s`;
  const row = (what, name, { peer, against }) =>
    judge(undefined, {
      what: `${what} ${count} small objects, a folder (${seconds(name)}, start of the process included)`,
      against: `${against} (${seconds(peer)})`,
      value: ratio(times, peer, name),
      unit: '× as fast',
      atLeast: 2,
    });
  return [
    row('push', 'dml push', {
      peer: 'loose push',
      against: 'git push of as many blobs, as git add leaves them',
    }),
    row('push', 'dml push', { peer: 'packed push', against: 'git push of them from one pack' }),
    row('clone', 'dml clone', { peer: 'git clone', against: 'git clone --bare of their pack' }),
  ];
}

/** Counts the requests that a bucket gets. */
async function toBucket(root) {
  const folder = join(root, 'repository');
  await makeRepository(folder, BUCKET_OBJECTS);
  Object.assign(process.env, KEYS);
  const server = await FaultServer.start(BUCKET);
  try {
    const place = `s3://${BUCKET}/dml?endpoint=${server.endpoint}&region=us-east-1`;
    const files = await openFiles(canonicalRemoteUri(place, '/'), systemSurroundings());
    const pushed = await withStore(folder, 'write', (store, commitId) =>
      push(systemRemote(files, 'bench'), {
        store,
        remoteName: 'origin',
        memory: memoryOfProcess(),
        pushes: [{ ref: store.head(), commitId }],
      }),
    );
    await files.close();
    return [
      judge(undefined, {
        what: `requests of a push of ${pushed.objects} small objects to a bucket (${(pushed.bytes / 1e6).toFixed(0)} MB)`,
        against: 'one request for each',
        value: server.requests.length,
        unit: ' requests',
        atMost: 200,
      }),
    ];
  } finally {
    await server.close();
  }
}

export async function run() {
  return [...(await withFolder(againstGit)), ...(await withFolder(toBucket))];
}
