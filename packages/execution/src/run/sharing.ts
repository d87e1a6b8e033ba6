import type { ExecId, ExecutionKey, NodeId } from '@daggerml/object-model';
import type { Claim, ClaimStore } from '../cache/claim-store.ts';
import type { Publication, SharedCache, SharedOutcome } from '../cache/shared-cache.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import type { ClaimWorth } from './claim-worth.ts';
import type { EventReporter, RunReport } from './events.ts';
import { computedOf, type RunNode } from './run-node.ts';

/** Ports to those who compute the same; a claim is of use only where its outcome is shared. */
export interface SharingPorts {
  readonly cache: SharedCache;
  readonly claims?: ClaimStore | undefined;
  /** Average duration of a function's calls in a run from which they are claimed unless they say; 10 s by default. */
  readonly claimAfterMs?: number | undefined;
  /** Time after a failure in which the ports are not asked, doubled with each further one; 60 s by default. */
  readonly askAgainMs?: number | undefined;
}

/** News of a call that is looked up or claimed. */
export type SharingNews =
  | { readonly type: 'looked-up'; readonly node: RunNode; readonly found: SharedOutcome | undefined }
  | { readonly type: 'claimed'; readonly node: RunNode }
  | {
      readonly type: 'claimed-elsewhere';
      readonly node: RunNode;
      readonly afterMs: number;
      readonly owner: string | undefined;
    }
  | { readonly type: 'unclaimable'; readonly node: RunNode };

interface SharingOptions {
  readonly ports: SharingPorts;
  readonly objects: RunObjects;
  readonly reporter: EventReporter;
  readonly worth: ClaimWorth;
  /** Takes news in later turns than that of the question. Never throws. */
  readonly take: (news: readonly SharingNews[]) => void;
}

type Operation = Extract<RunReport, { type: 'sharing-failed' }>['operation'];

/** A claim that is held, and the timer of its next renewal. */
interface HeldClaim {
  readonly claim: Claim;
  timer: ReturnType<typeof setTimeout> | undefined;
  isLost: boolean;
  isReleased: boolean;
}

const ASK_AGAIN_MS = 60_000;
const MAX_DOUBLINGS = 4;

/** Asks the shared cache and the claims for one run. Once one of them has failed, the run goes on alone for a while. */
export class Sharing {
  readonly #options: SharingOptions;
  readonly #held = new Map<NodeId, HeldClaim>();
  /** Questions to the ports; the end of the run waits for them. */
  readonly #open = new Set<Promise<void>>();
  #questions: RunNode[] = [];
  #publications: Publication[] = [];
  /** Claims to release once the publications are through. */
  #finished: HeldClaim[] = [];
  #isFinishing = false;
  #isClosing = false;
  /** Timer of the end of a time without questions, since something has failed. */
  #alone: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #hasAnswered = false;
  readonly #reported = new Set<string>();

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  /** Checks whether a call is to be claimed before it runs. */
  isClaimable(node: RunNode): boolean {
    // What waits for a claim of others must hold nothing that they may wait for.
    // @spec DML-EXE-3852
    return (
      node.depth === 0 &&
      this.#alone === undefined &&
      this.#options.ports.claims !== undefined &&
      !this.#held.has(node.nodeId) &&
      this.#options.worth.isWorth(node)
    );
  }

  /** Looks up a call in the shared cache, together with the others of this turn. */
  lookUp(node: RunNode): void {
    this.#questions.push(node);
    if (this.#questions.length === 1) queueMicrotask(() => this.#ask(this.#questions.splice(0)));
  }

  #ask(asked: readonly RunNode[]): void {
    const nodes = asked.filter(({ status }) => status === 'pending');
    if (nodes.length === 0) return;
    // @spec DML-EXE-2360
    const open = byKey(nodes);
    const { ports, objects, take } = this.#options;
    const news = (some: readonly RunNode[], found: SharedOutcome | undefined): SharingNews[] =>
      some.flatMap((node) => (node.status === 'pending' ? [{ type: 'looked-up', node, found }] : []));
    this.#track(async () => {
      if (this.#alone === undefined)
        await this.#attempt('look-up', async () => {
          for await (const part of ports.cache.lookUp([...open.keys()], objects))
            for (const [key, found] of part) {
              const some = open.get(key);
              open.delete(key);
              if (some) take(news(some, found));
            }
        });
      take([...open.values()].flatMap((some) => news(some, undefined)));
    });
  }

  /** Claims the execution key of a call. */
  claim(node: RunNode): void {
    const { executionKey } = computedOf(node);
    const { claims } = this.#options.ports;
    this.#track(async () => {
      const answer = await this.#attempt('claim', async () =>
        claims?.claim(executionKey, () => node.status === 'pending', node.callee?.name),
      );
      if (answer?.type === 'claimed-elsewhere') {
        const { type, afterMs, owner } = answer;
        return this.#options.take([{ type, node, afterMs, owner }]);
      }
      if (answer?.type !== 'claimed') return this.#options.take([{ type: 'unclaimable', node }]);
      // The call may have been cancelled while it was claimed.
      const held: HeldClaim = { claim: answer.claim, timer: undefined, isLost: false, isReleased: false };
      if (node.status !== 'pending') return this.#release(held);
      this.#held.set(node.nodeId, held);
      this.#renewLater(held);
      this.#options.take([{ type: 'claimed', node }]);
    });
  }

  /** @spec DML-EXE-1508 */
  #renewLater(held: HeldClaim): void {
    held.timer = setTimeout(() => this.#track(() => this.#renew(held)), held.claim.leaseMs / 2);
  }

  async #renew(held: HeldClaim): Promise<void> {
    const isHeld = await this.#attempt('renew', async () => this.#options.ports.claims?.renew(held.claim));
    held.isLost = isHeld !== true;
    if (isHeld && !held.isReleased) this.#renewLater(held);
  }

  /**
   * Ends what is shared about a call that has come to its end: an outcome that it made and that is kept is published,
   * and its claim is released after that.
   */
  end(node: RunNode, made: 'ok' | 'error' | undefined): void {
    const held = this.#held.get(node.nodeId);
    if (held) {
      this.#held.delete(node.nodeId);
      this.#finished.push(held);
    }
    // @spec DML-EXE-2362
    // @spec DML-EXE-2363
    const isPublished = made !== undefined && !held?.isLost;
    if (isPublished)
      this.#publications.push({
        executionKey: computedOf(node).executionKey,
        execId: node.execId as ExecId,
        status: made,
        fencing: held?.claim.fencing,
      });
    if (isPublished || held) this.#finishLater();
  }

  #finishLater(): void {
    if (this.#isFinishing) return;
    this.#isFinishing = true;
    this.#track(() => this.#finish());
  }

  async #finish(): Promise<void> {
    // What ends in the same turn is published together.
    await Promise.resolve();
    this.#isFinishing = false;
    const finished = this.#finished.splice(0);
    if (this.#publications.length > 0 && this.#alone === undefined) await this.#publish();
    // @spec DML-EXE-2361
    await Promise.all(finished.map((held) => this.#release(held)));
  }

  /** Publishes what waits for it; what cannot be published now waits on. @spec DML-EXE-2796 */
  async #publish(): Promise<void> {
    const publications = this.#publications.splice(0);
    const { ports, objects } = this.#options;
    const isPublished = await this.#attempt('publish', async () => {
      const published = ports.cache.publish(publications, objects);
      if (this.#isClosing) ports.cache.flush?.();
      await published;
      return true;
    });
    if (!isPublished) this.#publications.unshift(...publications);
  }

  async #release(held: HeldClaim): Promise<void> {
    held.isReleased = true;
    clearTimeout(held.timer);
    await this.#attempt('release', async () => this.#options.ports.claims?.release(held.claim));
  }

  /** Resolves when nothing of the run is asked, published or released any more. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#options.ports.cache.flush?.();
    while (this.#open.size > 0) await Promise.all(this.#open);
    clearTimeout(this.#alone);
    // Who has had no answer at all waits for none now.
    if (this.#publications.length > 0 && this.#hasAnswered) await this.#publish();
    clearTimeout(this.#alone);
  }

  #track(act: () => Promise<void>): void {
    const open: Promise<void> = act().finally(() => this.#open.delete(open));
    this.#open.add(open);
  }

  /**
   * Returns the answer of a port, undefined where it fails. That is reported, and the run goes on alone for a while.
   */
  async #attempt<Answer>(operation: Operation, ask: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      const answer = await ask();
      this.#hasAnswered = true;
      if (this.#alone === undefined) this.#failures = 0;
      return answer;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // @spec DML-EXE-2365
      if (this.#alone === undefined) this.#goAlone(operation, reason);
      return undefined;
    }
  }

  #goAlone(operation: Operation, reason: string): void {
    const text = `${operation} ${reason}`;
    if (!this.#reported.has(text))
      this.#options.reporter.report({ type: 'sharing-failed', operation, reason });
    this.#reported.add(text);
    const { askAgainMs = ASK_AGAIN_MS } = this.#options.ports;
    // @spec DML-EXE-2795
    const pauseMs = askAgainMs * 2 ** Math.min(this.#failures, MAX_DOUBLINGS);
    this.#failures += 1;
    this.#alone = setTimeout(() => {
      this.#alone = undefined;
      if (this.#publications.length > 0 && !this.#isClosing) this.#finishLater();
    }, pauseMs);
    // A run that waits for nothing else has ended.
    this.#alone.unref();
  }
}

function byKey(nodes: readonly RunNode[]): Map<ExecutionKey, RunNode[]> {
  const keys = new Map<ExecutionKey, RunNode[]>();
  for (const node of nodes) {
    const { executionKey } = computedOf(node);
    const some = keys.get(executionKey);
    if (some) some.push(node);
    else keys.set(executionKey, [node]);
  }
  return keys;
}
