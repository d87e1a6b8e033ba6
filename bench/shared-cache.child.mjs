/** Publishes calls to the cache of a remote, or runs calls that are all there, as a process of its own; answers with figures. */
import { functions, Repository } from '@daggerml/bindings';
import { remoteSharing } from '@daggerml/execution';
import { encodeRecord, executionKey, hashBytes } from '@daggerml/object-model';
import { openFiles, RemoteCache, systemRemote, systemSurroundings } from '@daggerml/remotes';
import { countingFiles } from './counting-files.mjs';
import { withFolder } from './harness.mjs';

const [order, uri, countText] = process.argv.slice(2);
const count = Number(countText);
const files = countingFiles(await openFiles(uri, systemSurroundings()));
const remote = systemRemote(files, 'bench');

/** Objects of so many outcomes are made together. */
const SLICE = 1_000;

/** Puts the objects of an outcome of some 700 bytes into a map and returns it. */
function outcomeOf(at, objects) {
  const put = (record) => {
    const bytes = encodeRecord(record);
    const id = hashBytes(bytes);
    objects.set(id, bytes);
    return id;
  };
  const text = (value) => put({ type: 'datum', kind: 'string', value });
  const literal = (datumId) => put({ type: 'node', kind: 'literal', datumId });
  const functionDatumId = put({ type: 'datum', kind: 'uri', value: 'dml+exec://bench/f' });
  const input = text(`input ${at}`);
  const call = { type: 'node', kind: 'call', functionDatumId, inputs: [literal(input)] };
  const rootNodeId = literal(text(`${at} ${'x'.repeat(300)}`));
  const execId = put({
    type: 'exec',
    nodeKind: 'call',
    pins: [],
    requestId: null,
    sourceExecId: null,
    receiptDatumId: text('receipt'),
    detailsDatumId: null,
    nodeId: put(call),
    status: 'ok',
    functionDatumId,
    inputs: [input],
    resultDagId: put({ type: 'dag', rootNodeId, names: [] }),
    startedMs: 1,
    finishedMs: 2,
  });
  return { executionKey: executionKey(functionDatumId, [input]), execId, status: 'ok', fencing: undefined };
}

/** Objects of outcomes that are asked for in their order, of which only the last ones are kept. */
class MadeObjects {
  #next = 0;
  #last = new Map();
  #newest = new Map();

  getBytes(objectClass, id) {
    for (;;) {
      const bytes = this.#newest.get(id) ?? this.#last.get(id);
      if (bytes !== undefined || objectClass !== 'exec' || this.#next >= count) return bytes;
      this.#last = this.#newest;
      this.#newest = new Map();
      const end = Math.min(count, this.#next + SLICE);
      for (; this.#next < end; this.#next += 1) outcomeOf(this.#next, this.#newest);
    }
  }
}

const rssMiB = () => process.resourceUsage().maxRSS / 1024;

async function publish() {
  const outcomes = Array.from({ length: count }, (_, at) => outcomeOf(at, new Map()));
  globalThis.gc?.();
  const beforeMiB = process.memoryUsage().rss / 2 ** 20;
  const beganMs = performance.now();
  const cache = new RemoteCache(remote);
  const published = cache.publish(outcomes, new MadeObjects());
  cache.flush();
  await published;
  const seconds = (performance.now() - beganMs) / 1_000;
  return { seconds, beforeMiB, peakMiB: rssMiB(), ...files.counts };
}

/** Runs calls and says when the first value came, and after how many requests. */
async function run() {
  return withFolder(async (folder) => {
    const sharing = await remoteSharing(remote, { owner: 'bench', isProven: async () => true });
    const repository = await Repository.init(folder, { sharing });
    const { increment } = functions(new URL('./fixtures/increment.mjs', import.meta.url));
    const beganMs = performance.now();
    let first;
    const dag = repository.newDag('calls', {
      onEvent: ({ type }) => {
        if (type !== 'call-finished') return;
        first ??= { ms: performance.now() - beganMs, requests: files.counts.requests };
      },
    });
    const handles = Array.from({ length: count }, (_, index) => dag.call(increment, index));
    await dag.commit(handles);
    const { counts } = dag.open.reporter;
    await dag.close();
    await repository.close();
    const seconds = (performance.now() - beganMs) / 1_000;
    return { first, seconds, executed: counts.executed, ...files.counts };
  });
}

const figures = await (order === 'publish' ? publish() : run());
await files.close();
process.stdout.write(JSON.stringify(figures));
