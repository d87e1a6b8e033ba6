import { type ExecId, type ExecutionKey, isDmlError, sha256Hex } from '@daggerml/object-model';
import { SeededRandom } from '@daggerml/testkit';
import { type OwnClaim, RemoteClaims } from '../../src/claims/remote-claims.ts';
import type { LocalClocks } from '../../src/claims/remote-time.ts';
import type { Remote } from '../../src/remote.ts';
import { type ClaimAct, ClaimOracle } from './claim-oracle.ts';
import { drawRates, type HistoryFacts } from './history.ts';
import { Network, NO_FAULTS, type SimProcess } from './network.ts';
import { Violation } from './oracle.ts';
import { SimFiles } from './sim-files.ts';

/** Parts of a history that a test replaces by ones with a defect. */
export interface ClaimVariant {
  /** Wraps the remote of a process. */
  readonly remote?: (remote: Remote, clocks: LocalClocks) => Remote;
  readonly ignoresConditions?: boolean;
}

/** Facts about a history of claims. */
export type ClaimFacts = Pick<HistoryFacts, 'steps' | 'outcomes' | 'trace'>;

const HOUR_MS = 3_600_000;
/** Time within which a process that nothing disturbs gets every key: the longest lease, and pauses. */
const PROGRESS_MS = 600_000;

class ClaimHistory {
  readonly random: SeededRandom;
  readonly network: Network;
  readonly files: SimFiles;
  readonly oracle: ClaimOracle;
  readonly variant: ClaimVariant;
  readonly keys: readonly ExecutionKey[];
  readonly leases: readonly number[];
  readonly limitMs: number;
  readonly outcomes: Record<string, number> = {};
  /** Calls are cancelled, fail, and lose their outcomes, until the history comes to its end. */
  isCalm = false;
  failure: unknown;
  readonly #members: Claimer[] = [];

  constructor(seed: number, variant: ClaimVariant, isTraced: boolean) {
    this.random = new SeededRandom(seed);
    this.network = new Network(this.random, isTraced);
    this.files = new SimFiles(this.network);
    this.files.ignoresConditions = variant.ignoresConditions === true;
    this.files.clockStepMs = this.random.pick([1, 1_000]);
    this.oracle = new ClaimOracle(this.files, () => this.network.nowMs);
    this.variant = variant;
    const count = 1 + this.random.below(3);
    this.keys = Array.from({ length: count }, (_, at) => sha256Hex(Buffer.from(`${at}`)) as ExecutionKey);
    this.leases = this.random.pick([[1_000], [5_000], [60_000], [1_000, 60_000]]);
    this.limitMs = this.random.pick([1_000, 10_000, 60_000]);
    if (this.random.below(4) === 0) this.#plant(this.keys[0] as ExecutionKey);
  }

  /** Puts a claim from the future, of an owner who is gone. */
  #plant(executionKey: ExecutionKey): void {
    const aheadMs = this.random.pick([500, 30_000, 24 * HOUR_MS]);
    this.oracle.plant(executionKey, {
      claimedMs: this.network.nowMs + aheadMs,
      execution: 'ffffffff-0000-4000-8000-000000000000',
      fencing: 1,
      leaseMs: this.random.pick(this.leases),
      outcome: null,
      owner: 'ghost',
      state: 'held',
      write: 'ffffffff-0000-4000-8000-000000000001',
    });
    this.note('planted');
  }

  async run(): Promise<void> {
    const { random, network, oracle } = this;
    const count = 2 + random.below(3);
    for (let number = 0; number < count; number += 1)
      this.#members.push(new Claimer(this, `claimer${number}`));
    network.rates = drawRates(random);
    await this.#runAll();
    // Whoever crashed is there again, as another process.
    for (const member of this.#members) member.revive();
    await this.#runAll();
    network.rates = NO_FAULTS;
    this.isCalm = true;
    for (const member of this.#members) member.revive();
    const fromMs = network.nowMs;
    await this.#runAll();
    for (const key of this.keys) {
      if (oracle.outcome(key) === undefined) throw new Violation('a key without an outcome in the end');
      oracle.checkEnd(key);
    }
    if (network.nowMs - fromMs > PROGRESS_MS) throw new Violation('whoever is not disturbed waits for ever');
  }

  async #runAll(): Promise<void> {
    for (const member of this.#members) this.#start(member);
    await this.network.run(() => this.failure !== undefined || this.oracle.violation !== undefined);
    if (this.oracle.violation !== undefined) throw this.oracle.violation;
    if (this.failure !== undefined) throw this.failure;
    for (const { process, isDone } of this.#members)
      if (!isDone && !process.isDead) throw new Violation(`${process.name} never ends`);
  }

  #start(member: Claimer): void {
    member.isDone = false;
    member.script().then(
      () => {
        member.isDone = true;
      },
      (error: unknown) => {
        this.failure ??= error;
      },
    );
  }

  note(name: string): void {
    this.outcomes[name] = (this.outcomes[name] ?? 0) + 1;
  }
}

/** Somebody who wants the outcomes of all keys, computes those that nobody else does, and may crash. */
class Claimer {
  readonly #history: ClaimHistory;
  readonly #name: string;
  process: SimProcess;
  isDone = false;
  #crashes = 0;
  #claims: RemoteClaims;
  /** Distance of the machine's wall clock, which is set now and then. */
  #skewMs = 0;

  constructor(history: ClaimHistory, name: string) {
    this.#history = history;
    this.#name = name;
    this.process = { name, work: name, isDead: false, isPaused: false };
    this.#claims = this.#newClaims();
  }

  #newClaims(): RemoteClaims {
    const { process } = this;
    const { random, network, files, limitMs, variant, leases, oracle } = this.#history;
    this.#skewMs = random.pick([0, HOUR_MS, -HOUR_MS]);
    // Some machines stop their monotonic clock while they sleep.
    const isStopped = random.below(2) === 0;
    const bootMs = random.below(1_000_000);
    const clocks: LocalClocks = {
      monotonicMs: () => network.nowMs - bootMs - (isStopped ? (process.pausedMs ?? 0) : 0),
      wallMs: () => network.nowMs + this.#skewMs,
    };
    const randomBytes = (count: number): Uint8Array =>
      Uint8Array.from({ length: count }, () => random.below(256));
    const remote: Remote = {
      files: files.open(process),
      actor: process.name,
      limitMs,
      clock: { ...network.clockOf(process, 0), now: () => clocks.wallMs() },
      randomBytes,
      randomUuid: () =>
        Buffer.from(randomBytes(16))
          .toString('hex')
          .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    };
    const seen = new Set<ExecutionKey>();
    return new RemoteClaims(variant.remote?.(remote, clocks) ?? remote, {
      owner: process.name,
      leaseMs: random.pick(leases),
      maxHeld: 1 + random.below(3),
      clocks,
      hasOutcome: async (key, isFresh) => {
        // A view of the cache that is not fresh may not know what others have published.
        if (isFresh || random.below(2) === 0) {
          const isThere = await network.request(
            process,
            `look up ${key}`,
            () => oracle.outcome(key) !== undefined,
          );
          if (isThere) seen.add(key);
          else seen.delete(key);
        }
        return seen.has(key);
      },
    });
  }

  /** Continues as another process where the last one has crashed. */
  revive(): void {
    if (!this.process.isDead) return;
    this.#crashes += 1;
    const name = `${this.#name}.${this.#crashes}`;
    this.process = { name, work: name, isDead: false, isPaused: false };
    this.#claims = this.#newClaims();
  }

  async script(): Promise<void> {
    const { keys, random, isCalm } = this.#history;
    await Promise.all(keys.map((key) => this.#bring(key, !isCalm && random.below(5) === 0)));
  }

  #sleep(ms: number): Promise<void> {
    return this.#history.network.clockOf(this.process, 0).sleep(ms);
  }

  /** Waits for the outcome of a key or computes it; one that is cancelled leaves at some time. */
  async #bring(key: ExecutionKey, isCancelled: boolean): Promise<void> {
    const { random, network, isCalm } = this.#history;
    let isWanted = true;
    if (isCancelled)
      void this.#sleep(random.below(20_000)).then(() => {
        isWanted = false;
      });
    await network.turn(this.process);
    // With faults every caller gives up at last.
    for (let tries = 0; isWanted && (isCalm || tries < 30); tries += 1) {
      if (await this.#lookUp(key)) return;
      if (!isCalm && random.below(20) === 0) this.#skewMs = random.pick([0, HOUR_MS, -HOUR_MS]);
      const claim = await this.#claim(key, () => isWanted);
      if (claim === undefined) continue;
      // Whoever had it before may have published by now.
      const isKnown = await this.#lookUp(key);
      if (isKnown || !isWanted) await this.#end(claim, 'release');
      else await this.#compute(claim);
    }
    if (!isWanted) this.#history.note('cancelled');
  }

  /** Asks the shared cache; nobody to answer is a miss here. */
  async #lookUp(key: ExecutionKey): Promise<boolean> {
    const { network, oracle } = this.#history;
    return await network
      .request(this.process, `look up ${key}`, () => oracle.outcome(key) !== undefined)
      .catch(() => false);
  }

  /** Claims a key; undefined, after a pause, where somebody else has it. */
  async #claim(key: ExecutionKey, isWanted: () => boolean): Promise<OwnClaim | undefined> {
    const { random } = this.#history;
    let afterMs = 1_000;
    const claim = await this.#act({ kind: 'claim', key, fencing: undefined }, async (act) => {
      const answer = await this.#claims.claim(key, isWanted);
      const claimed = answer.type === 'claimed' ? answer.claim : undefined;
      afterMs = answer.type === 'held' ? answer.afterMs : 0;
      this.#history.note(`claim ${answer.type}`);
      this.#history.oracle.endClaim(act, claimed?.fencing);
      return claimed;
    });
    if (claim === undefined) await this.#sleep(afterMs + 1 + random.below(100));
    return claim;
  }

  async #compute(claim: OwnClaim): Promise<void> {
    const { random, isCalm } = this.#history;
    const { executionKey: key, fencing } = claim;
    for (let parts = random.below(5); parts > 0; parts -= 1) {
      // Some owners are held up for longer than their lease.
      const isLate = !isCalm && random.below(6) === 0;
      await this.#sleep(isLate ? claim.leaseMs * 2 : random.below(claim.leaseMs / 2));
      const isHeld = await this.#write(claim, 'renew', () => this.#claims.renew(claim));
      // What it has computed is dropped.
      if (isHeld !== true) return void (await this.#end(claim, 'release'));
    }
    if (!isCalm && random.below(5) === 0) return await this.#end(claim, 'release');
    if (!isCalm && random.below(8) === 0) await this.#sleep(claim.leaseMs * 2);
    await this.#publish(key, fencing);
    await this.#end(claim, random.pick(['release', 'finish']));
    if (!isCalm && random.below(10) === 0) this.#history.oracle.lose(key);
  }

  async #publish(key: ExecutionKey, fencing: number): Promise<void> {
    const { network, oracle } = this.#history;
    const { name } = this.process;
    await network
      .request(this.process, `publish ${key} ${fencing}`, () =>
        oracle.publish(key, { fencing, process: name }),
      )
      .catch(() => this.#history.note('publication without an answer'));
  }

  async #end(claim: OwnClaim, kind: 'release' | 'finish'): Promise<void> {
    const exec = sha256Hex(Buffer.from(`${claim.executionKey} ${claim.fencing}`)) as ExecId;
    await this.#write(claim, kind, () =>
      kind === 'release' ? this.#claims.release(claim) : this.#claims.finish(claim, { exec, status: 'ok' }),
    );
  }

  /** Writes a claim of this process; returns undefined where nobody can say whether it took effect. */
  async #write(
    { executionKey: key, fencing }: OwnClaim,
    kind: 'renew' | 'release' | 'finish',
    write: () => Promise<boolean>,
  ): Promise<boolean | undefined> {
    return await this.#act({ kind, key, fencing }, async (act) => {
      const isDone = await write();
      this.#history.note(`${kind} ${isDone ? 'applied' : 'refused'}`);
      this.#history.oracle.endWrite(act, isDone);
      return isDone;
    });
  }

  async #act<Result>(
    { kind, key, fencing }: Pick<ClaimAct, 'kind' | 'key' | 'fencing'>,
    run: (act: ClaimAct) => Promise<Result>,
  ): Promise<Result | undefined> {
    const { oracle, network } = this.#history;
    const act = oracle.begin({ kind, key, fencing, process: this.process.name });
    network.trace?.push(`${this.process.name} ${kind} ${key.slice(0, 4)} ${fencing ?? ''}`);
    try {
      return await run(act);
    } catch (error) {
      if (!isDmlError(error) || error.code !== 'remote_unreachable') throw error;
      this.#history.note(`${kind} unknown`);
      oracle.endUnknown(act);
      return undefined;
    }
  }
}

/** Runs the history of a seed; throws what is wrong with it, with the seed. */
export async function runClaims(
  seed: number,
  variant: ClaimVariant = {},
  isTraced: boolean = false,
): Promise<ClaimFacts> {
  const history = new ClaimHistory(seed, variant, isTraced);
  const { network, oracle } = history;
  try {
    await history.run();
  } catch (cause) {
    const trace = network.trace === undefined ? '' : `\n${network.trace.join('\n')}`;
    throw new Error(`claims ${seed}: ${cause instanceof Error ? cause.message : String(cause)}${trace}`, {
      cause,
    });
  }
  const outcomes = { ...history.outcomes, takeovers: oracle.takeovers };
  return { steps: network.steps, outcomes, trace: network.trace ?? [] };
}
