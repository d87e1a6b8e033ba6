/** Requests and bytes of one more push, and of a clone, after few and after many commits and pushes. */
import { join } from 'node:path';
import { fetch, memoryOfProcess, push, systemRemote } from '@daggerml/remotes';
import { MemoryRemote } from '@daggerml/remotes/testing';
import { headRef, openStore } from '@daggerml/store';
import { countingFiles } from './counting-files.mjs';
import { judge, MEMORY_FOLDER, withFolder } from './harness.mjs';

const MAIN = headRef('main');
const SMALL = { pushes: 100, commits: 1_000 };
const LARGE = {
  pushes: Number(process.env.DML_BENCH_PUSHES ?? 10_000),
  commits: Number(process.env.DML_BENCH_HISTORY ?? 100_000),
};
/** Pushes over which merges of groups are shared out. */
const MEASURED_PUSHES = 512;
/** Pushes that bring the commits that are left, in the middle of the others. */
const LARGE_PUSHES = 4;
const DAGS = 10;

const byBytes = ([left], [right]) => (left < right ? -1 : left > right ? 1 : 0);

/** A repository in memory with a remote, whose commits bring one new dag each, in the place of one of ten. */
class History {
  #dags = new Map();
  #count = 0;
  #last = null;

  static async open(folder) {
    const history = new History();
    history.store = await openStore(join(folder, 'store'), { mode: 'write', create: true, program: 'bench' });
    history.shared = new MemoryRemote();
    history.files = countingFiles(history.shared.open());
    history.remote = systemRemote(history.files, 'bench');
    history.memory = memoryOfProcess();
    return history;
  }

  /** Adds commits in one transaction. */
  add(commits) {
    this.store.transact('commit', (transaction) => {
      const expected = this.#last;
      for (let index = 0; index < commits; index += 1) this.#commit(transaction);
      transaction.updateRef({ ref: MAIN, expected, next: this.#last, actor: 'bench', reason: 'commit' });
    });
  }

  #commit(transaction) {
    this.#count += 1;
    const value = `result ${this.#count} `.repeat(20);
    const datumId = transaction.putRecord({ type: 'datum', kind: 'string', value });
    const rootNodeId = transaction.putRecord({ type: 'node', kind: 'literal', datumId });
    this.#dags.set(
      `day-${this.#count % DAGS}`,
      transaction.putRecord({ type: 'dag', rootNodeId, names: [] }),
    );
    this.#last = transaction.putRecord({
      type: 'commit',
      treeId: transaction.putRecord({ type: 'tree', dags: [...this.#dags].sort(byBytes) }),
      parentCommitIds: this.#last === null ? [] : [this.#last],
      pins: [],
      requests: [],
      author: 'bench',
      message: `commit ${this.#count}`,
      authoredMs: this.#count,
      committer: 'bench',
      committedMs: this.#count,
      detailsDatumId: null,
    });
  }

  push() {
    return push(this.remote, {
      store: this.store,
      remoteName: 'origin',
      memory: this.memory,
      pushes: [{ ref: MAIN, commitId: this.#last }],
    });
  }

  /** Makes a history of so many commits and pushes. */
  async grow({ pushes, commits }) {
    const each = Math.ceil((commits - pushes + LARGE_PUSHES) / LARGE_PUSHES);
    for (let at = 0; at < pushes; at += 1) {
      const isLarge =
        at % Math.floor(pushes / LARGE_PUSHES) === 0 && at / Math.floor(pushes / LARGE_PUSHES) < LARGE_PUSHES;
      this.add(isLarge ? each : 1);
      await this.push();
    }
  }

  /** Returns what one more push of one commit costs, on average, and one of nothing. */
  async measurePushes() {
    this.files.take();
    for (let at = 0; at < MEASURED_PUSHES; at += 1) {
      this.add(1);
      await this.push();
    }
    const { requests, bytes } = this.files.take();
    const { snapshot } = await this.push();
    const idle = this.files.take();
    return {
      requests: requests / MEASURED_PUSHES,
      bytes: bytes / MEASURED_PUSHES,
      idleRequests: idle.requests,
      segments: snapshot.state.groups.flatMap((group) => group.segments).length,
      groups: snapshot.state.groups.length,
    };
  }

  /** Clones the remote and returns what that costs, and a fetch of nothing afterwards. */
  async measureClone(folder) {
    const store = await openStore(join(folder, 'clone'), { mode: 'write', create: true, program: 'bench' });
    const options = { store, remoteName: 'origin', memory: memoryOfProcess() };
    this.files.take();
    await fetch(this.remote, options);
    const { requests, bytes } = this.files.take();
    await fetch(this.remote, options);
    const idle = this.files.take();
    await store.close();
    return { requests, bytes, idleRequests: idle.requests };
  }
}

async function measure(size) {
  return withFolder(async (folder) => {
    const history = await History.open(folder);
    await history.grow(size);
    const pushed = await history.measurePushes();
    const cloned = await history.measureClone(folder);
    await history.store.close();
    return { pushed, cloned };
  }, MEMORY_FOLDER);
}

const named = ({ pushes, commits }) => `${commits} commits and ${pushes} pushes`;

export async function run() {
  const small = await measure(SMALL);
  const large = await measure(LARGE);
  const { pushed, cloned } = large;
  const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  return [
    judge(undefined, {
      what: `requests of a push of one new dag after ${named(LARGE)} (${pushed.requests.toFixed(2)}, merges shared out)`,
      against: `after ${named(SMALL)} (${small.pushed.requests.toFixed(2)})`,
      value: pushed.requests / small.pushed.requests,
      atMost: 1.25,
    }),
    judge(undefined, {
      what: `bytes of it, sent and received (${kB(pushed.bytes)}, ${pushed.groups} groups)`,
      against: `after ${named(SMALL)} (${kB(small.pushed.bytes)}, ${small.pushed.groups} groups)`,
      value: pushed.bytes / small.pushed.bytes,
      atMost: 1.5,
    }),
    judge(undefined, {
      what: `requests of a clone after ${named(LARGE)} (${cloned.requests}, ${(cloned.bytes / 1e6).toFixed(0)} MB)`,
      against: `the ${pushed.segments} segments`,
      value: cloned.requests - pushed.segments,
      unit: ' more',
      atMost: 50,
    }),
    judge(undefined, {
      what: 'a push without change',
      against: '–',
      value: pushed.idleRequests,
      unit: ' requests',
      atMost: 1,
    }),
    judge(undefined, {
      what: 'a fetch without change',
      against: '–',
      value: cloned.idleRequests,
      unit: ' requests',
      atMost: 1,
    }),
  ];
}
