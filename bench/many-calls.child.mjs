/** Makes so many small calls in one dag, as a process of its own, and answers with what that took. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { functions, Repository } from '@daggerml/bindings';
import { open } from 'lmdb';
import { timeMs, withFolder } from './harness.mjs';

const count = Number(process.argv[2]);
const MEASURE_MS = 50;
const BINARY = { encoding: 'binary', keyEncoding: 'binary' };
const { increment } = functions(new URL('./fixtures/increment.mjs', import.meta.url));
const peakKiB = { RssAnon: 0, RssFile: 0 };

/** Measures the memory of the process itself, and that of mapped files. */
function measureMemory() {
  const status = readFileSync('/proc/self/status', 'utf8');
  for (const field of Object.keys(peakKiB)) {
    const found = new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(status);
    peakKiB[field] = Math.max(peakKiB[field], Number(found?.[1] ?? 0));
  }
}

/** Returns the size of the largest object of a store. */
async function largestObject(folder) {
  const root = open({
    path: join(folder, '.dml', 'store'),
    noSubdir: false,
    readOnly: true,
    maxDbs: 24,
    ...BINARY,
  });
  let largest = 0;
  for (const { value } of root.openDB({ name: 'objects', ...BINARY }).getRange())
    largest = Math.max(largest, value.length);
  await root.close();
  return largest;
}

await withFolder(async (folder) => {
  const repository = await Repository.init(folder);
  const dag = repository.newDag('calls');
  const timer = setInterval(measureMemory, MEASURE_MS);
  const spentMs = await timeMs(async () => {
    const handles = [];
    for (let index = 0; index < count; index += 1) handles.push(dag.call(increment, index));
    measureMemory();
    await dag.commit(handles);
  });
  clearInterval(timer);
  measureMemory();
  const { executed } = dag.open.reporter.counts;
  if (executed !== count) throw new Error(`${executed} of ${count} calls were executed`);
  await repository.close();
  const answer = {
    microsecondsEach: (spentMs * 1000) / count,
    ownMiB: peakKiB.RssAnon / 1024,
    mappedMiB: peakKiB.RssFile / 1024,
    largestBytes: await largestObject(folder),
  };
  process.stdout.write(JSON.stringify(answer));
});
