import { execFileSync, spawnSync } from 'node:child_process';
import { promises as fs, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeRecord, encodeRecord, hashBytes } from '@daggerml/object-model';
import { openStore } from '@daggerml/store';
import git from 'isomorphic-git';
import { open } from 'lmdb';
import { interleave, ratio, timeMs, withFolder } from './harness.mjs';

const COUNT = 50_000;
/** isomorphic-git is timed on fewer blobs and scaled: a full round would take minutes. */
const ISOMORPHIC_COUNT = 500;

const hexIds = Array.from({ length: COUNT + 2 }, (_, index) => hashBytes(Buffer.from(`seed ${index}`)));
const nodes = Array.from({ length: COUNT }, (_, index) => ({
  type: 'node',
  kind: 'call',
  functionDatumId: hexIds[0],
  inputs: [hexIds[index], hexIds[index + 1]],
}));
const bodies = nodes.map((node) => encodeRecord(node));
const ids = bodies.map((bytes) => hashBytes(bytes));
const keys = ids.map((id) => Buffer.concat([Buffer.from([3]), Buffer.from(id, 'hex')]));

async function putStore() {
  return withFolder(async (folder) => {
    const store = await openStore(join(folder, 'store'), { mode: 'write', create: true });
    const spent = await timeMs(() =>
      store.transact('bench', (transaction) => {
        for (const node of nodes) transaction.put('node', encodeRecord(node));
      }),
    );
    await store.close();
    return spent;
  });
}

function openRaw(folder) {
  return open({
    path: join(folder, 'raw'),
    keyEncoding: 'binary',
    encoding: 'binary',
    overlappingSync: false,
  });
}

async function putRaw() {
  return withFolder(async (folder) => {
    const db = openRaw(folder);
    const spent = await timeMs(() =>
      db.transactionSync(() => {
        for (let index = 0; index < COUNT; index += 1) db.putSync(keys[index], bodies[index]);
      }),
    );
    await db.close();
    return spent;
  });
}

async function putFastImport() {
  return withFolder(async (folder) => {
    execFileSync('git', ['init', '-q', '--bare', folder]);
    const parts = bodies.flatMap((bytes) => [
      Buffer.from(`blob\ndata ${bytes.length}\n`),
      bytes,
      Buffer.from('\n'),
    ]);
    const input = Buffer.concat(parts);
    return timeMs(() => {
      const { status } = spawnSync('git', ['-C', folder, 'fast-import', '--quiet'], { input });
      if (status !== 0) throw new Error('git fast-import failed');
    });
  });
}

async function putIsomorphicGit() {
  return withFolder(async (folder) => {
    await git.init({ fs: { promises: fs }, dir: folder });
    const spent = await timeMs(async () => {
      for (const blob of bodies.slice(0, ISOMORPHIC_COUNT))
        await git.writeBlob({ fs: { promises: fs }, dir: folder, blob });
    });
    return (spent * COUNT) / ISOMORPHIC_COUNT;
  });
}

export async function run() {
  const puts = await interleave(
    [
      { name: 'raw', run: putRaw },
      { name: 'raw again', run: putRaw },
      { name: 'store', run: putStore },
      { name: 'fast-import', run: putFastImport },
      { name: 'isomorphic-git', run: putIsomorphicGit },
    ],
    { rounds: 5 },
  );
  const gets = await withFolder(async (folder) => {
    const store = await openStore(join(folder, 'store'), { mode: 'write', create: true });
    store.transact('bench', (transaction) => {
      for (const bytes of bodies) transaction.put('node', bytes);
    });
    mkdirSync(join(folder, 'r'));
    const db = openRaw(join(folder, 'r'));
    db.transactionSync(() => {
      for (let index = 0; index < COUNT; index += 1) db.putSync(keys[index], bodies[index]);
    });
    const times = await interleave([
      {
        name: 'raw',
        run: () =>
          timeMs(() => {
            for (const key of keys) if (db.get(key) === undefined) throw new Error('missing');
          }),
      },
      {
        name: 'raw again',
        run: () =>
          timeMs(() => {
            for (const key of keys) if (db.get(key) === undefined) throw new Error('missing');
          }),
      },
      {
        name: 'store',
        run: () =>
          timeMs(() => {
            for (const id of ids) decodeRecord(store.read('node', id), 'node');
          }),
      },
    ]);
    await db.close();
    await store.close();
    return times;
  });
  const putRatio = ratio(puts, 'raw', 'store');
  const fastImport = ratio(puts, 'fast-import', 'store');
  const isomorphic = ratio(puts, 'isomorphic-git', 'store');
  const getRatio = ratio(gets, 'raw', 'store');
  const perPut = Math.min(...puts.get('store')) / COUNT;
  const perGet = Math.min(...gets.get('store')) / COUNT;
  const noise = `A/A ${ratio(puts, 'raw again', 'raw').toFixed(2)}`;
  return [
    row(
      `put ${COUNT} call nodes (${(perPut * 1000).toFixed(2)} µs each)`,
      `raw lmdb (${noise})`,
      putRatio,
      0.6,
    ),
    row('the same', 'git fast-import', fastImport, 4),
    row('the same', 'isomorphic-git writeBlob', isomorphic, 100),
    row(
      `get + hash check + decode (${(perGet * 1000).toFixed(2)} µs each)`,
      `raw lmdb get (A/A ${ratio(gets, 'raw again', 'raw').toFixed(2)})`,
      getRatio,
      0.5,
    ),
  ];
}

function row(what, against, value, aim) {
  return { what, against, result: `${value.toFixed(2)}×`, aim: `≥ ${aim}×`, met: value >= aim };
}
