/** One subject of the benchmark of puts and gets: told what to time, it answers with milliseconds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeRecord } from '@daggerml/object-model';
import { openStore } from '@daggerml/store';
import { open } from 'lmdb';
import { answerTasks, timeMs, withFolder } from './harness.mjs';
import { bodies, ids, keys, nodes } from './put-get.nodes.mjs';

/** The store: encodes, hashes and writes; reads, checks the hash and decodes. */
const store = {
  open: (folder) => openStore(join(folder, 'store'), { mode: 'write', create: true }),
  put: (opened) =>
    opened.transact('bench', (transaction) => {
      for (const node of nodes) transaction.putRecord(node);
    }),
  get: (opened) => {
    for (const id of ids) decodeRecord(opened.read('node', id), 'node');
  },
};

/** The engine alone: the same bytes under the same keys, in one transaction, as durable. */
const raw = {
  open: (folder) =>
    open({
      path: join(folder, 'raw'),
      keyEncoding: 'binary',
      encoding: 'binary',
      overlappingSync: false,
    }),
  put: (opened) =>
    opened.transactionSync(() => {
      for (let index = 0; index < keys.length; index += 1) opened.putSync(keys[index], bodies[index]);
    }),
  get: (opened) => {
    for (const key of keys) if (opened.get(key) === undefined) throw new Error('missing');
  },
};

const subject = { store, raw }[process.argv[2]];
let filled;

async function timePut() {
  return withFolder(async (folder) => {
    const opened = await subject.open(folder);
    globalThis.gc({ type: 'minor' });
    const spent = await timeMs(() => subject.put(opened));
    await opened.close();
    return spent;
  });
}

async function timeGet() {
  if (filled === undefined) {
    const folder = mkdtempSync(join(process.env.DML_BENCH_DIR ?? tmpdir(), 'dml-bench-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    filled = await subject.open(folder);
    subject.put(filled);
  }
  globalThis.gc({ type: 'minor' });
  return timeMs(() => subject.get(filled));
}

answerTasks(
  (task) => (task === 'put' ? timePut() : timeGet()),
  () => filled?.close(),
);
