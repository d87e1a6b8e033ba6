import type { ByteRange } from '../files/remote-files.ts';

/** Operations of the files of a remote. */
export type FileOperation = 'read' | 'put' | 'readVersion' | 'swap' | 'list' | 'remove' | 'now';

/** One request to a remote, as it is about to be made. */
export interface FileRequest {
  /** Number of requests before this one. */
  readonly number: number;
  readonly operation: FileOperation;
  /** Path, prefix of a list, or first path of a `remove`; empty for the clock. */
  readonly path: string;
  readonly range?: ByteRange | undefined;
}

/** Something that goes wrong with one request. */
export type Fault =
  /** No connection: no effect, `remote_unreachable`. */
  | { readonly kind: 'fail-before' }
  /** Lost answer: the effect takes place; `unknown` for a swap, `remote_unreachable` for others. A list ends half way. */
  | { readonly kind: 'fail-after' }
  /** Rights are refused: no effect, `remote_refused`. */
  | { readonly kind: 'forbid' }
  /** No space: no effect, `remote_full`. */
  | { readonly kind: 'fill' }
  /** A swap whose request and answer are lost: no effect, `unknown`. */
  | { readonly kind: 'lose' }
  /** A swap that takes effect and is answered `refused`, as by a repeated request. */
  | { readonly kind: 'refuse-own' }
  /** A swap answered `unknown` that is tried by the remote only after so many further requests. */
  | { readonly kind: 'delay'; readonly requests: number }
  /** A read that returns the first half of the bytes. */
  | { readonly kind: 'truncate' }
  /** A read in which one bit is wrong; `at` says where, from 0 to 1. */
  | { readonly kind: 'flip'; readonly at?: number }
  /** A list without the files that the last so many requests of this handle have put. */
  | { readonly kind: 'stale'; readonly requests: number }
  /** The process ends before the request is made, or once it took effect. */
  | { readonly kind: 'stop-before' }
  | { readonly kind: 'stop-after' };

/** Faults that a request is given; undefined for one that goes well. */
export type FaultPlan = (request: FileRequest) => Fault | undefined;

const ANY = ['fail-before', 'fail-after', 'forbid', 'stop-before', 'stop-after'] as const;

/** Kinds of faults by operation. */
export const FAULTS_OF: Readonly<Record<FileOperation, readonly Fault['kind'][]>> = {
  read: [...ANY, 'truncate', 'flip'],
  put: [...ANY, 'fill'],
  readVersion: [...ANY, 'truncate', 'flip'],
  swap: [...ANY, 'fill', 'lose', 'refuse-own', 'delay'],
  list: [...ANY, 'stale'],
  remove: ANY,
  now: ANY,
};

/** Creates a plan with one fault, at the request of a number. */
export function faultAt(number: number, fault: Fault): FaultPlan {
  return (request) => (request.number === number ? fault : undefined);
}

/** Ways in which a random plan draws. */
export interface RandomFaults {
  /** Returns an integer from 0 to below its argument. */
  readonly below: (limit: number) => number;
  /** One request in so many has a fault. */
  readonly oneIn: number;
  /** Kinds to draw from; those that leave a process alive and bytes whole by default. */
  readonly kinds?: readonly Fault['kind'][];
}

const SURVIVED: readonly Fault['kind'][] = ['fail-before', 'fail-after', 'lose', 'refuse-own', 'delay'];

/** Creates a plan of random faults, each of a kind that its request can have. */
export function randomFaults({ below, oneIn, kinds = SURVIVED }: RandomFaults): FaultPlan {
  return ({ operation }) => {
    const possible = kinds.filter((kind) => FAULTS_OF[operation].includes(kind));
    const kind = possible[below(possible.length || 1)];
    if (kind === undefined || below(oneIn) !== 0) return undefined;
    if (kind === 'delay' || kind === 'stale') return { kind, requests: 1 + below(8) };
    return kind === 'flip' ? { kind, at: below(1000) / 1000 } : { kind };
  };
}

/** The end of a process, which no code of it can catch: a test looks at what it left. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';

  constructor() {
    super('the process has ended');
  }
}
