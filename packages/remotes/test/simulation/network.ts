import type { SeededRandom } from '@daggerml/testkit';
import { remoteError } from '../../src/errors.ts';
import type { SwapAnswer } from '../../src/files/remote-files.ts';
import type { RemoteClock } from '../../src/remote.ts';

/** A process of a history. */
export interface SimProcess {
  readonly name: string;
  /** Work that it has in hand, as the oracle knows it. */
  work: unknown;
  isDead: boolean;
  /** It gets no turn, as a stopped process or a laptop that sleeps, while its requests go on. */
  isPaused: boolean;
  /** Time that it has been paused so far. */
  pausedMs?: number;
}

/** Faults that a request may have, with how many of 1,000 have them. */
export interface FaultRates {
  readonly lose: number;
  readonly loseAnswer: number;
  /** Takes effect after its sender has given up, or never. */
  readonly late: number;
  /** Is carried out twice, the second time later. */
  readonly twice: number;
  /** Is carried out twice at once, and the second answer comes back: a swap is told that it was refused. */
  readonly secondAnswer: number;
  readonly unconnected: number;
  readonly crash: number;
  readonly pause: number;
}

export const NO_FAULTS: FaultRates = {
  lose: 0,
  loseAnswer: 0,
  late: 0,
  twice: 0,
  secondAnswer: 0,
  unconnected: 0,
  crash: 0,
  pause: 0,
};

interface Sent {
  readonly process: SimProcess;
  readonly label: string;
  readonly isSwap: boolean;
  /** Takes effect on the remote, at once and as a whole. */
  readonly effect: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

interface Waiting {
  readonly process: SimProcess;
  readonly label: string;
  readonly dueMs: number;
  readonly wake: () => void;
}

type Event = () => void;

/** Steps after which a history counts as one that never ends. */
const MAX_STEPS = 20_000;

/** Owns every request of every process and decides, by a seed, which one happens next and how. */
export class Network {
  nowMs = 1_000_000;
  steps = 0;
  rates: FaultRates = NO_FAULTS;
  /** Events so far, where they are noted. */
  readonly trace: string[] | undefined;
  readonly #random: SeededRandom;
  #sent: Sent[] = [];
  #waiting: Waiting[] = [];
  #floating: { readonly label: string; readonly effect: () => unknown }[] = [];
  /** Paused processes, with the time from which they are. */
  readonly #paused = new Map<SimProcess, number>();
  /** Processes whose last swap was not answered. */
  readonly #cut = new Set<SimProcess>();

  constructor(random: SeededRandom, isTraced: boolean) {
    this.#random = random;
    this.trace = isTraced ? [] : undefined;
  }

  /** Sends a request of a process; a dead one never hears of it. */
  request<Result>(
    process: SimProcess,
    label: string,
    effect: () => Result,
    isSwap: boolean = false,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (!process.isDead)
        this.#sent.push({ process, label, isSwap, effect, resolve: resolve as never, reject });
    });
  }

  /** Returns the clock of a process. */
  clockOf(process: SimProcess, skewMs: number): RemoteClock {
    return {
      now: () => this.nowMs + skewMs,
      sleep: (ms) => this.#wait(process, 'sleep', this.nowMs + Math.ceil(ms)),
    };
  }

  /** Waits until it is a process's turn. */
  turn(process: SimProcess): Promise<void> {
    return this.#wait(process, 'turn', 0);
  }

  #wait(process: SimProcess, label: string, dueMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (!process.isDead) this.#waiting.push({ process, label, dueMs, wake: resolve });
    });
  }

  /** Ends a process: what it has sent may arrive, and it never goes on. */
  crash(process: SimProcess): void {
    process.isDead = true;
    this.#paused.delete(process);
    const own = this.#sent.filter((sent) => sent.process === process);
    this.#sent = this.#sent.filter((sent) => sent.process !== process);
    this.#waiting = this.#waiting.filter((waiting) => waiting.process !== process);
    for (const sent of own) this.#float(sent);
  }

  /** Runs until nothing is left to happen, or `isDone`. */
  async run(isDone: () => boolean = () => false): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone()) return;
      const event = this.#next();
      if (event === undefined) return;
      this.steps += 1;
      if (this.steps > MAX_STEPS) throw new Error(`the history does not end within ${MAX_STEPS} steps`);
      this.nowMs += 1 + this.#random.below(30);
      event();
    }
  }

  #next(): Event | undefined {
    const random = this.#random;
    const events: Event[] = [];
    for (const sent of this.#sent) events.push(() => this.#carryOut(sent));
    let first: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (waiting.process.isPaused) continue;
      if (waiting.dueMs <= this.nowMs) events.push(() => this.#wake(waiting));
      else if (first === undefined || waiting.dueMs < first.dueMs) first = waiting;
    }
    for (const floating of this.#floating) if (random.below(8) === 0) events.push(() => this.#land(floating));
    for (const process of this.#paused.keys())
      if (random.below(60) === 0) events.push(() => this.#resume(process));
    if (events.length > 0) return random.pick(events);
    if (first !== undefined) {
      const waiting = first;
      return () => {
        this.nowMs = Math.max(this.nowMs, waiting.dueMs);
        this.#wake(waiting);
      };
    }
    const [process] = this.#paused.keys();
    if (process !== undefined) return () => this.#resume(process);
    const [floating] = this.#floating;
    return floating && (() => this.#land(floating));
  }

  #note(text: string): void {
    this.trace?.push(`${this.steps} ${this.nowMs} ${text}`);
  }

  #wake(waiting: Waiting): void {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    waiting.wake();
  }

  #pause(process: SimProcess): void {
    process.isPaused = true;
    if (!this.#paused.has(process)) this.#paused.set(process, this.nowMs);
  }

  #resume(process: SimProcess): void {
    this.#note(`${process.name} wakes up`);
    const sinceMs = this.#paused.get(process) ?? this.nowMs;
    this.#paused.delete(process);
    process.isPaused = false;
    this.nowMs += this.#random.below(100_000);
    process.pausedMs = (process.pausedMs ?? 0) + this.nowMs - sinceMs;
  }

  #float({ process, label, effect }: Sent): void {
    this.#floating.push({ label: `${process.name} ${label}`, effect });
  }

  #land(floating: { readonly label: string; readonly effect: () => unknown }): void {
    this.#floating.splice(this.#floating.indexOf(floating), 1);
    const isLost = this.#random.below(3) === 0;
    this.#note(`${floating.label}: ${isLost ? 'never arrives' : 'arrives late'}`);
    if (!isLost) floating.effect();
  }

  #carryOut(sent: Sent): void {
    const { process, effect, isSwap } = sent;
    this.#sent.splice(this.#sent.indexOf(sent), 1);
    const fate = this.#draw(sent);
    this.#note(`${process.name} ${sent.label}: ${fate}`);
    switch (fate) {
      case 'lose':
        return this.#unanswered(sent);
      case 'loseAnswer':
        effect();
        return this.#unanswered(sent);
      case 'late':
        this.#float(sent);
        return this.#unanswered(sent);
      case 'unconnected':
        return this.#answer(sent, () => sent.reject(unreachable('connect')));
      case 'crash':
        if (this.#random.below(2) === 0) this.#float(sent);
        return this.crash(process);
      case 'pause':
        this.#pause(process);
        break;
      case 'twice':
        this.#float(sent);
        break;
      case 'secondAnswer':
        if (isSwap) effect();
        break;
      default:
    }
    const result = effect();
    this.#answer(sent, () => sent.resolve(result as never));
  }

  #draw({ process, isSwap }: Sent): keyof FaultRates | 'deliver' {
    // A network that has lost one request is likely to be away for the next one.
    const isAway = isSwap && this.rates.unconnected > 0 && this.#cut.delete(process);
    if (isAway && this.#random.below(2) === 0) return 'unconnected';
    let left = this.#random.below(1_000);
    for (const fate of Object.keys(NO_FAULTS) as (keyof FaultRates)[]) {
      left -= this.rates[fate];
      if (left < 0) return fate;
    }
    return 'deliver';
  }

  /** Answers that there is no answer: a swap says so, and what is no swap is sent again for a while. */
  #unanswered(sent: Sent): void {
    if (sent.isSwap) {
      this.#cut.add(sent.process);
      // Others go on from a write whose sender does not know of it.
      if (this.rates.pause > 0 && this.#random.below(2) === 0) this.#pause(sent.process);
      const cause = unreachable('swap');
      this.#answer(sent, () => sent.resolve({ outcome: 'unknown', cause } satisfies SwapAnswer as never));
    } else if (this.#random.below(4) > 0) this.#sent.push(sent);
    else this.#answer(sent, () => sent.reject(unreachable(sent.label)));
  }

  #answer({ process, label }: Sent, wake: () => void): void {
    this.#waiting.push({ process, label, dueMs: 0, wake });
  }
}

function unreachable(operation: string): Error {
  return remoteError('remote_unreachable', { remote: 'simulated', operation, reason: 'simulated' });
}
