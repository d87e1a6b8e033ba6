import { type CommitId, isDmlError } from '@daggerml/object-model';
import { headRef, type RefName, remoteRef } from '@daggerml/store';
import { SeededRandom } from '@daggerml/testkit';
import { collectRemote } from '../../src/collect/collect.ts';
import { fetch } from '../../src/fetch/fetch.ts';
import type { RefPush } from '../../src/push/plan-refs.ts';
import { push } from '../../src/push/push.ts';
import type { Remote } from '../../src/remote.ts';
import { memoryOfProcess, type StateMemory } from '../../src/state/state-memory.ts';
import { type FaultRates, Network, NO_FAULTS, type SimProcess } from './network.ts';
import { Oracle, Violation, type Work } from './oracle.ts';
import { SimFiles } from './sim-files.ts';
import { SimStore } from './sim-store.ts';
import { Universe } from './universe.ts';

/** Parts of a history that a test replaces by ones with a defect. */
export interface Variant {
  readonly push?: typeof push;
  readonly collect?: typeof collectRemote;
  /** Wraps the remote of a process. */
  readonly remote?: (remote: Remote) => Remote;
  readonly ignoresConditions?: boolean;
}

/** Facts about a history. */
export interface HistoryFacts {
  readonly steps: number;
  readonly states: number;
  readonly collections: number;
  readonly merges: number;
  /** Times that the tags came into a tree, and out of it. */
  readonly treeMoves: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly trace: readonly string[];
}

/** Draws how often each fault happens in a history: some never, some in nearly every tenth request. */
export function drawRates(random: SeededRandom): FaultRates {
  const rates: Record<keyof FaultRates, number> = { ...NO_FAULTS };
  const kinds = Object.keys(NO_FAULTS) as (keyof FaultRates)[];
  // Histories without faults show whether the order of events alone does harm.
  if (random.below(8) > 0) for (const kind of kinds) rates[kind] = random.pick(OFTEN[kind] ?? [0, 0, 10, 80]);
  return rates;
}

/** A process that ends tries nothing any more, so that it is seldom. */
const OFTEN: Readonly<Partial<Record<keyof FaultRates, readonly number[]>>> = {
  crash: [0, 4, 10],
  pause: [0, 5, 30],
};

/** Texts that commits are made of; few, so that what was garbage is reached again. */
const TEXTS = 12;

function textOf(number: number): string {
  return `text ${number} `.padEnd(20 + number * 25, '.');
}

const MAIN = headRef('main');

/** Tags that are just above what stands in a state. */
const MANY_TAGS = 200;

function manyTag(number: number): RefName {
  return `refs/tags/${String(number).padStart(255, 'x')}` as RefName;
}

/** Errors that a work may end with; whether its effect is known. */
const EXPECTED: Readonly<Record<string, 'failed' | 'unknown'>> = {
  push_not_fast_forward: 'failed',
  push_stale: 'failed',
  push_unknown: 'unknown',
  remote_busy: 'failed',
  remote_missing: 'failed',
  remote_refused: 'failed',
  remote_unreachable: 'failed',
};

class History {
  readonly random: SeededRandom;
  readonly network: Network;
  readonly universe: Universe = new Universe();
  readonly files: SimFiles;
  readonly oracle: Oracle;
  readonly variant: Variant;
  readonly segmentBytes: number;
  readonly looseBytes: number;
  readonly keptStates: number;
  readonly limitMs: number;
  readonly outcomes: Record<string, number> = {};
  members: Member[] = [];
  failure: unknown;

  /** A third of the histories has writers alone. */
  readonly hasCollections: boolean;
  /** Some histories have so many tags that they come into a tree and out of it. */
  readonly hasManyTags: boolean;

  constructor(seed: number, variant: Variant, isTraced: boolean) {
    this.hasCollections = seed % 3 !== 0;
    this.hasManyTags = seed % 64 === 5;
    this.random = new SeededRandom(seed);
    this.network = new Network(this.random, isTraced);
    this.files = new SimFiles(this.network);
    this.files.ignoresConditions = variant.ignoresConditions === true;
    this.oracle = new Oracle(this.files, this.universe);
    this.variant = variant;
    this.segmentBytes = this.random.pick([1_500, 6_000, 40_000]);
    this.looseBytes = this.random.pick([1_000, 2 ** 28, 2 ** 28]);
    this.keptStates = this.random.pick([1, 3, 1_000]);
    this.limitMs = this.random.pick([1_000, 10_000, 60_000]);
  }

  async run(): Promise<void> {
    const { random, network } = this;
    const writers = 2 + random.below(2);
    const collectors = this.hasCollections ? 1 + random.below(2) : 0;
    for (let number = 0; number < writers + collectors; number += 1)
      this.members.push(new Member(this, number, number < writers ? 'write' : 'collect'));
    if (random.below(3) === 0) this.universe.exciseText(textOf(random.below(TEXTS)));
    const [first] = this.members as [Member];
    if (random.below(8) > 0) {
      this.start(first, first.bringMain());
      await this.settle(first);
      first.revive();
      if (this.hasManyTags) {
        this.start(first, first.pushTags(0, MANY_TAGS));
        await this.settle(first);
        first.revive();
      }
    }
    network.rates = drawRates(random);
    for (const member of this.members) this.start(member, member.script());
    await this.settle();
    network.rates = NO_FAULTS;
    await this.converge();
  }

  start(member: Member, script: Promise<void>): void {
    script.then(
      () => {
        member.isDone = true;
      },
      (error: unknown) => {
        this.failure ??= error;
      },
    );
  }

  /** Runs until nothing is under way, and checks that nothing is wrong. */
  async settle(only?: Member): Promise<void> {
    await this.network.run(() => this.failure !== undefined || this.oracle.violation !== undefined);
    if (this.oracle.violation !== undefined) throw this.oracle.violation;
    if (this.failure !== undefined) throw this.failure;
    for (const { process, isDone } of only === undefined ? this.members : [only])
      if (!isDone && !process.isDead) throw new Violation(`${process.name} never ends`);
    this.oracle.checkWorks();
  }

  /** Runs one process after another without faults: all get through, agree, and leave no garbage behind. */
  async converge(): Promise<void> {
    const alone = async (member: Member, act: () => Promise<void>): Promise<void> => {
      member.revive();
      this.start(member, act());
      await this.settle(member);
    };
    const { members, oracle } = this;
    for (const member of members) if (member.role === 'write') await alone(member, () => member.bringMain());
    const tips = new Set<CommitId | undefined>();
    for (const member of members) {
      await alone(member, async () => {
        await member.fetch();
        tips.add(member.store.refs.get(remoteRef('origin', 'main')));
      });
    }
    if (tips.size > 1) throw new Violation('the repositories do not agree in the end');
    const last = members.at(-1) as Member;
    for (let round = 0; round < 2; round += 1) await alone(last, () => last.collect());
    oracle.checkFiles(this.keptStates);
  }
}

/** A repository and the process that works with it; after a crash another process goes on with the repository. */
class Member {
  readonly history: History;
  readonly role: 'write' | 'collect';
  readonly name: string;
  readonly store: SimStore;
  readonly memory: StateMemory = memoryOfProcess();
  process: SimProcess;
  isDone = false;
  #remote: Remote;
  #crashes = 0;

  constructor(history: History, number: number, role: Member['role']) {
    this.history = history;
    this.role = role;
    this.name = `${role}${number}`;
    // Some collections are refused, since their repository lacks what others have pushed by then.
    const hasAll = role === 'collect' && history.random.below(4) > 0;
    this.store = new SimStore(history.universe, hasAll);
    this.process = this.#newProcess();
    this.#remote = this.#newRemote();
  }

  #newProcess(): SimProcess {
    const name = this.#crashes === 0 ? this.name : `${this.name}.${this.#crashes}`;
    return { name, work: undefined, isDead: false, isPaused: false };
  }

  #newRemote(): Remote {
    const { history, process } = this;
    const { random } = history;
    const randomBytes = (count: number): Uint8Array =>
      Uint8Array.from({ length: count }, () => random.below(256));
    const remote: Remote = {
      files: history.files.open(process),
      actor: process.name,
      limitMs: history.limitMs,
      clock: history.network.clockOf(process, random.below(100_000)),
      randomBytes,
      randomUuid: () =>
        Buffer.from(randomBytes(16))
          .toString('hex')
          .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    };
    return history.variant.remote?.(remote) ?? remote;
  }

  /** Begins again, with another process where the last one has crashed. */
  revive(): void {
    this.isDone = false;
    if (!this.process.isDead) return;
    this.#crashes += 1;
    this.process = this.#newProcess();
    this.#remote = this.#newRemote();
  }

  async script(): Promise<void> {
    const { random } = this.history;
    const count = 1 + random.below(this.role === 'write' ? 4 : 3);
    for (let number = 0; number < count; number += 1) {
      await this.history.network.turn(this.process);
      if (this.role === 'collect') await this.#fetchAndCollect();
      else await this.#write(number);
    }
  }

  async #fetchAndCollect(): Promise<void> {
    await this.fetch();
    await this.collect();
  }

  #commit(parents: readonly CommitId[]): CommitId {
    const { random, universe, network } = this.history;
    const texts = Array.from({ length: 1 + random.below(3) }, () => {
      return textOf(random.below(TEXTS));
    });
    return this.store.adopt(universe.commit(texts, parents, network.nowMs));
  }

  #tracked(branch: string): CommitId | undefined {
    return this.store.refs.get(remoteRef('origin', branch));
  }

  async #write(number: number): Promise<void> {
    const { random, universe } = this.history;
    const own = headRef(this.name);
    const main = this.#tracked('main');
    const owned = this.#tracked(this.name);
    const choice = random.below(10);
    if (this.history.hasManyTags && choice < 4) return await this.#moveTags();
    if (choice === 0) return await this.fetch();
    if (choice < 5) return void (await this.#pushMain());
    if (choice === 5)
      return void (await this.push([{ ref: own, commitId: this.#commit([]), lease: owned ?? null }]));
    if (choice === 6 && owned !== undefined) return void (await this.push([{ ref: own, commitId: null }]));
    if (choice === 7) {
      const commitId = this.#commit(main === undefined ? [] : [main]);
      return void (await this.push([
        { ref: MAIN, commitId },
        { ref: own, commitId: this.#commit([commitId]), lease: owned ?? null },
        { ref: `refs/tags/${this.name}-${number}` as RefName, commitId },
      ]));
    }
    if (choice === 8 && main !== undefined)
      return void (await this.push([
        { ref: MAIN, commitId: this.#commit(universe.parents(main)), lease: main },
      ]));
    if (main !== undefined) await this.push([{ ref: own, commitId: main, lease: owned ?? null }]);
    else void (await this.#pushMain());
  }

  /** Pushes tags with long names to where main is. */
  async pushTags(from: number, to: number): Promise<void> {
    const commitId = this.#tracked('main');
    if (commitId === undefined) return;
    const numbers = Array.from({ length: to - from }, (_, at) => from + at);
    await this.push(numbers.map((number) => ({ ref: manyTag(number), commitId, lease: null })));
  }

  /** Deletes some of many tags, or brings some of them back. */
  async #moveTags(): Promise<void> {
    const { random } = this.history;
    const from = random.below(MANY_TAGS);
    const numbers = Array.from({ length: 1 + random.below(6) }, (_, at) => (from + at) % MANY_TAGS);
    const main = this.#tracked('main') ?? null;
    const commitId = random.below(2) === 0 ? null : main;
    const pushes = numbers.map((number): RefPush => ({ ref: manyTag(number), commitId }));
    await this.push(
      commitId === null ? pushes : pushes.map((push) => ({ ...push, lease: this.#tag(push.ref) })),
    );
  }

  #tag(ref: RefName): CommitId | null {
    return this.store.refs.get(ref) ?? null;
  }

  /** Pushes a new commit to main, over what others have pushed by then. */
  async #pushMain(): Promise<boolean> {
    const main = this.#tracked('main');
    const mine = this.store.refs.get(MAIN);
    const isMerge = main !== undefined && mine !== undefined && !this.history.universe.isAncestor(main, mine);
    const parents = isMerge ? [main, mine] : [mine ?? main].filter((commitId) => commitId !== undefined);
    const commitId = this.#commit(parents);
    this.store.refs.set(MAIN, commitId);
    const outcome = await this.push([{ ref: MAIN, commitId }]);
    if (outcome === 'applied' || outcome === 'nothing') return true;
    await this.fetch();
    return false;
  }

  async bringMain(): Promise<void> {
    await this.fetch();
    for (let tries = 0; tries < 3; tries += 1) if (await this.#pushMain()) return;
    throw new Violation(`${this.name} does not get through`);
  }

  async push(pushes: readonly RefPush[]): Promise<Work['outcome']> {
    const { segmentBytes, looseBytes, variant } = this.history;
    return await this.#work('push', pushes, async (work) => {
      const { store, memory } = this;
      const { moves, snapshot } = await (variant.push ?? push)(this.#remote, {
        store: store.host,
        outgoing: (tips, known) => store.outgoing(tips, known),
        remoteName: 'origin',
        memory,
        pushes,
        segmentBytes,
        looseBytes,
      });
      if (snapshot !== undefined) this.history.oracle.checkSeen(work, snapshot.state.sequence);
      return moves.length > 0;
    });
  }

  async fetch(): Promise<void> {
    await this.#work('fetch', [], async (work) => {
      const { store, memory } = this;
      const { snapshot } = await fetch(this.#remote, {
        store: store.host,
        receive: (_, bytes, importing) => store.receive(bytes, importing),
        remoteName: 'origin',
        memory,
        prune: true,
      });
      this.history.oracle.checkSeen(work, snapshot.state.sequence);
      return false;
    });
  }

  async collect(): Promise<void> {
    const { segmentBytes, keptStates, variant } = this.history;
    await this.#work('collect', [], async (work) => {
      const { snapshot } = await (variant.collect ?? collectRemote)(this.#remote, {
        store: this.store.host,
        reach: (commitIds) => this.store.reach(commitIds),
        segmentBytes,
        keptStates,
      });
      this.history.oracle.checkSeen(work, snapshot.state.sequence);
      return true;
    });
  }

  async #work(
    kind: Work['kind'],
    pushes: readonly RefPush[],
    act: (work: Work) => Promise<boolean>,
  ): Promise<Work['outcome']> {
    const { history, process } = this;
    const { oracle } = history;
    const work = oracle.begin(kind, process.name, pushes);
    process.work = work;
    let said: string;
    try {
      const isApplied = await act(work);
      said = isApplied ? 'applied' : 'nothing';
      history.network.trace?.push(`${process.name} ${kind} ${said}`);
      oracle.end(work, isApplied ? 'applied' : 'nothing');
      if (kind !== 'collect') this.#checkTracking();
    } catch (error) {
      if (!isDmlError(error)) throw error;
      const expected = EXPECTED[error.code];
      if (expected === undefined) throw error;
      // What fails after its state is in effect is a deletion, which the next collection makes up for.
      const isCut = kind === 'collect' && error.code === 'remote_unreachable';
      const outcome = isCut ? 'unknown' : expected;
      said = error.code;
      history.network.trace?.push(`${process.name} ${kind} ${said}`);
      oracle.end(work, outcome);
    }
    history.outcomes[`${kind} ${said}`] = (history.outcomes[`${kind} ${said}`] ?? 0) + 1;
    return work.outcome;
  }

  #checkTracking(): void {
    const prefix = 'refs/remotes/origin/';
    for (const [ref, commitId] of this.store.refs)
      if (ref.startsWith(prefix))
        this.history.oracle.checkTracking(this.name, ref.slice(prefix.length), commitId);
  }
}

/** Runs the history of a seed; throws what is wrong with it, with the seed. */
export async function runHistory(
  seed: number,
  variant: Variant = {},
  isTraced: boolean = false,
): Promise<HistoryFacts> {
  const history = new History(seed, variant, isTraced);
  const { network, oracle } = history;
  try {
    await history.run();
  } catch (cause) {
    const trace = network.trace === undefined ? '' : `\n${network.trace.join('\n')}`;
    throw new Error(`history ${seed}: ${cause instanceof Error ? cause.message : String(cause)}${trace}`, {
      cause,
    });
  }
  const { states } = oracle;
  return {
    steps: network.steps,
    states: states.length,
    collections: states.at(-1)?.state.epoch ?? 0,
    merges: states.filter(({ state }, at) => state.groups.length < (states[at - 1]?.state.groups.length ?? 0))
      .length,
    treeMoves: states.filter(({ state }, at) => !state.trees !== !states[at - 1]?.state.trees).length,
    outcomes: history.outcomes,
    trace: network.trace ?? [],
  };
}
