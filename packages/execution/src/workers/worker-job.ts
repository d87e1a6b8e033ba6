import { isDmlError } from '@daggerml/object-model';
import type { ExecProblem, ExecRef, OwnClaim } from '@daggerml/remotes';
import { holdsClaim, type JobEffect, type JobEvent, type JobState, nextJobStep } from './job-machine.ts';
import type { JobResult } from './run-job.ts';
import type { SnapshotCall } from './snapshot.ts';

/** Answer to a claim: the claim, or how long somebody else has it at least. */
export type ClaimedOrNot = { readonly claim: OwnClaim } | { readonly afterMs: number };

/** Deeds of a worker for one job; each may reject, and then the job is tried again later. */
export interface JobDeeds {
  claim(): Promise<ClaimedOrNot>;
  renew(claim: OwnClaim): Promise<boolean>;
  release(claim: OwnClaim): Promise<void>;
  /** Checks whether the job is still without a result. */
  isOpen(): Promise<boolean>;
  /** Resolves to the call, or to why its Caller has to be told that it cannot be run. */
  fetch(): Promise<SnapshotCall | { readonly problem: ExecProblem }>;
  run(call: SnapshotCall, claim: OwnClaim, signal: AbortSignal): Promise<JobResult>;
  post(result: JobResult): Promise<void>;
}

/** Timers of a worker. */
export interface JobTimers {
  readonly nowMs: () => number;
  readonly setTimer: (act: () => void, afterMs: number) => () => void;
}

/** Pause after a failure, doubled with each further one. */
const PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 60_000;

/** A job in a worker: carries out what its machine says. */
export class WorkerJob {
  readonly executionUuid: string;
  readonly ref: ExecRef;
  readonly #deeds: JobDeeds;
  readonly #timers: JobTimers;
  readonly #onChange: (job: WorkerJob) => void;
  #state: JobState = 'waiting';
  /** Changes with each state, so that what comes late is not heard. */
  #turn = 0;
  #claim: OwnClaim | undefined;
  /** Time from which the lease counts. */
  #heldSinceMs = 0;
  #call: SnapshotCall | undefined;
  #stopping = new AbortController();
  #stopRenewing: (() => void) | undefined;
  #pauseMs = PAUSE_MS;
  #afterMs = 0;
  /** Deeds that were begun and have not come to their end, heard or not. */
  readonly #doing = new Set<Promise<unknown>>();
  /** Time from which it may be tried. */
  dueMs = 0;
  /** Time since which it has been waiting for room. */
  waitsSinceMs: number | undefined;
  /** Time at which its claim was looked at last, while it waited. */
  claimSeenMs: number | undefined;
  /** Reason why it is waiting. */
  reason: string | undefined;
  result: JobResult | undefined;
  /** Name of the function, once it is known. */
  name: string | undefined;
  /** The call with its inputs as a text, once it is known. */
  callText: string | undefined;

  constructor(
    { executionUuid, ref }: { readonly executionUuid: string; readonly ref: ExecRef },
    {
      deeds,
      timers,
      onChange,
    }: {
      readonly deeds: JobDeeds;
      readonly timers: JobTimers;
      readonly onChange: (job: WorkerJob) => void;
    },
  ) {
    this.executionUuid = executionUuid;
    this.ref = ref;
    this.#deeds = deeds;
    this.#timers = timers;
    this.#onChange = onChange;
  }

  get state(): JobState {
    return this.#state;
  }

  get needs(): ExecRef['needs'] {
    return this.ref.needs;
  }

  /** The call, once its snapshot is here. */
  get call(): SnapshotCall | undefined {
    return this.#call;
  }

  /** Checks whether it takes room of the worker: it is claimed, or about to be. */
  get isActive(): boolean {
    return this.#state === 'claiming' || holdsClaim(this.#state);
  }

  /** Puts it off: somebody else has it for so long at least. */
  putOff(afterMs: number): void {
    this.dueMs = this.#timers.nowMs() + afterMs;
    this.waitsSinceMs = undefined;
  }

  /** Resolves when nothing is done for it any more. */
  async idle(): Promise<void> {
    while (this.#doing.size > 0) await Promise.all(this.#doing);
  }

  /** Counts something that is done for it until it is over; it must not reject. */
  #track(doing: Promise<unknown>): void {
    const tracked: Promise<unknown> = doing.finally(() => this.#doing.delete(tracked));
    this.#doing.add(tracked);
  }

  /** Moves the job by an event, and does what follows. */
  take(event: JobEvent): void {
    const step = nextJobStep(this.#state, event);
    if (step === undefined) return;
    this.#state = step.state;
    this.#turn += 1;
    for (const effect of step.effects) this.#do(effect);
    this.#onChange(this);
  }

  #do(effect: JobEffect): void {
    const claim = this.#claim;
    switch (effect) {
      case 'claim':
        return this.#attempt(async () => {
          const answer = await this.#deeds.claim();
          if ('afterMs' in answer) {
            this.#afterMs = answer.afterMs;
            this.reason = 'another worker has it';
            return 'held';
          }
          this.#claim = answer.claim;
          this.#heldSinceMs = this.#timers.nowMs();
          this.#stopping = new AbortController();
          this.#renewLater(answer.claim);
          return 'claimed';
        });
      case 'check':
        // @spec DML-EXE-1520
        return this.#attempt(async () => ((await this.#deeds.isOpen()) ? 'open' : 'over'));
      case 'fetch':
        return this.#attempt(async () => {
          const fetched = await this.#deeds.fetch();
          if ('problem' in fetched) {
            this.result = fetched;
            return 'refused';
          }
          this.#call = fetched;
          return 'fetched';
        });
      case 'run':
        return this.#attempt(async () => {
          const { signal } = this.#stopping;
          this.result = await this.#deeds.run(this.#call as SnapshotCall, claim as OwnClaim, signal);
          return 'ran';
        });
      case 'post':
        return this.#attempt(async () => {
          // Whoever was stopped for longer than its lease learns here that others have the job.
          // @spec DML-EXE-1506
          if (!(await this.#deeds.renew(claim as OwnClaim))) {
            this.#noteLost();
            return 'claim_lost';
          }
          await this.#deeds.post(this.result as JobResult);
          return 'posted';
        });
      case 'stop':
        this.#stopRenewing?.();
        this.#stopping.abort('the job is over');
        this.#call = undefined;
        return;
      case 'release':
        this.#stopRenewing?.();
        this.#claim = undefined;
        // A claim that cannot be released passes by itself.
        if (claim) this.#track(this.#deeds.release(claim).catch(() => {}));
        return;
      case 'wait':
        this.result = undefined;
        this.dueMs = this.#timers.nowMs() + this.#afterMs;
        return;
    }
  }

  /** Begins something and takes the event that it leads to, unless the job has moved meanwhile. */
  #attempt(act: () => Promise<JobEvent>): void {
    const turn = this.#turn;
    const acting = act().then(
      (event) => {
        if (turn === this.#turn) this.take(event);
      },
      (error: unknown) => {
        if (turn !== this.#turn) return;
        this.reason = error instanceof Error ? error.message : String(error);
        if (!isDmlError(error)) this.reason = `${this.reason} (an error of this program)`;
        this.#afterMs = this.#pauseMs;
        this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2);
        this.take('failed');
      },
    );
    this.#track(acting);
  }

  /** Renews the claim while it is held. */
  #renewLater(claim: OwnClaim): void {
    this.#stopRenewing?.();
    this.#stopRenewing = this.#timers.setTimer(() => void this.#renew(claim), claim.leaseMs / 3);
  }

  async #renew(claim: OwnClaim): Promise<void> {
    const askedMs = this.#timers.nowMs();
    // Nobody knows whether it is held where there is no answer, until the lease has passed.
    const isHeld = await this.#deeds.renew(claim).catch(() => undefined);
    if (this.#claim !== claim || !holdsClaim(this.#state)) return;
    if (isHeld) this.#heldSinceMs = askedMs;
    if (isHeld === false || this.#timers.nowMs() - this.#heldSinceMs >= claim.leaseMs) {
      this.#noteLost();
      this.take('claim_lost');
    } else this.#renewLater(claim);
  }

  #noteLost(): void {
    this.#claim = undefined;
    this.#afterMs = PAUSE_MS;
    this.reason = 'its lease passed, so that others may have taken it over';
  }
}
