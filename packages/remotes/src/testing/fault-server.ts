import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BucketModes, MemoryBuckets } from './s3/memory-buckets.ts';
import {
  errorAnswer,
  operationOf,
  type S3Answer,
  type S3Operation,
  type S3Request,
} from './s3/s3-messages.ts';

/** Moment of a fault: before the effect of a request, which then has none, or after it. */
export type FaultMoment = 'before' | 'after';

/** A fault of a server, for one request. */
export type ServerFault =
  /** An answer with a status and a code, whatever the effect was. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly code: string;
      readonly moment: FaultMoment;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** An answer with a status and nothing else, without effect. */
  | { readonly kind: 'bare'; readonly status: number }
  /** An error under the status 200. */
  | { readonly kind: 'error_in_success'; readonly moment: FaultMoment }
  /** Other bytes in the place of the answer's body. */
  | { readonly kind: 'body'; readonly body: string }
  /** The connection is reset. */
  | { readonly kind: 'reset'; readonly moment: FaultMoment }
  /** No answer ever. */
  | { readonly kind: 'silence'; readonly moment: FaultMoment }
  /** Half of the body, then silence. */
  | { readonly kind: 'stall' }
  /** Half of the body, then the end of the connection. */
  | { readonly kind: 'truncated' }
  /** Half of the body under a length that fits it. */
  | { readonly kind: 'short' }
  /** One bit of the body is another. */
  | { readonly kind: 'flipped' }
  /** The answer is sent once `until` is fulfilled. */
  | { readonly kind: 'held'; readonly moment: FaultMoment; readonly until: Promise<unknown> }
  /** Nothing goes wrong. */
  | { readonly kind: 'none' };

/** Requests that a fault is for; each member narrows it. */
export interface FaultTarget {
  readonly operation?: S3Operation;
  readonly key?: RegExp;
}

/** A request that has come. */
export type SeenRequest = Pick<S3Request, 'operation' | 'bucket' | 'key' | 'headers'> & {
  readonly sizeBytes: number;
};

/**
 * A server in this process that speaks as much of S3 as an adapter uses, and makes mistakes when it is told to. It
 * keeps everything in memory, takes any credentials but those of `refusedAccessKey`, and counts its requests.
 */
export class FaultServer {
  readonly buckets: MemoryBuckets;
  /** Behaviour that lasts; faults are for single requests. */
  readonly modes: BucketModes & { clockOffsetMs: number; refusedAccessKey: string | undefined };
  /** Notes that a request is left without an answer, or with half of one; tests put their own in its place. */
  onSilence: () => void = () => undefined;
  /** All requests that have come, oldest first. */
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  readonly #faults: { readonly target: FaultTarget; readonly faults: ServerFault[] }[] = [];

  private constructor() {
    this.modes = {
      conditions: 'kept',
      ignoresReadConditions: false,
      ignoresRanges: false,
      deletesMany: true,
      pageSize: 1_000,
      clockOffsetMs: 0,
      refusedAccessKey: undefined,
    };
    this.buckets = new MemoryBuckets(this.modes);
    this.#server = createServer((incoming, outgoing) => {
      this.#serve(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  /** Creates a server with a bucket, on a free port of this machine. */
  static async start(bucket: string): Promise<FaultServer> {
    const made = new FaultServer();
    made.buckets.createBucket(bucket);
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Makes the next requests to a target go wrong, one fault each; what was asked for earlier comes first. */
  fail(target: FaultTarget, ...faults: ServerFault[]): void {
    this.#faults.push({ target, faults });
  }

  /** Returns the number of requests that have come for an operation, or for any. */
  count(operation?: S3Operation): number {
    return this.requests.filter((request) => operation === undefined || request.operation === operation)
      .length;
  }

  /** Forgets the requests that have come, and the faults that have not. */
  forget(): void {
    this.requests.length = 0;
    this.#faults.length = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    const { operation, bucket, key, headers, body } = request;
    this.requests.push({ operation, bucket, key, headers, sizeBytes: body.length });
    const fault = this.#faultFor(request);
    const moment = 'moment' in fault ? fault.moment : fault.kind === 'bare' ? 'before' : 'after';
    if (fault.kind === 'held' && moment === 'before') await fault.until;
    const answer = moment === 'after' || fault.kind === 'held' ? await this.#answer(request) : undefined;
    if (fault.kind === 'held' && moment === 'after') await fault.until;
    this.#send(outgoing, incoming.method === 'HEAD', spoil(answer, fault), fault.kind);
  }

  async #answer(request: S3Request): Promise<S3Answer> {
    const { headers, body } = request;
    const { refusedAccessKey } = this.modes;
    if (refusedAccessKey !== undefined && headers.authorization?.includes(`Credential=${refusedAccessKey}/`))
      return errorAnswer(
        403,
        'InvalidAccessKeyId',
        'The AWS Access Key Id you provided does not exist in our records.',
      );
    const hash = String(headers['x-amz-content-sha256']);
    if (/^[0-9a-f]{64}$/.test(hash) && createHash('sha256').update(body).digest('hex') !== hash)
      return errorAnswer(400, 'XAmzContentSHA256Mismatch', 'The provided hash is not that of what was sent.');
    return this.buckets.answer(request);
  }

  #faultFor({ operation, key }: S3Request): ServerFault {
    for (const { target, faults } of this.#faults) {
      const isMeant =
        (target.operation === undefined || target.operation === operation) && (target.key?.test(key) ?? true);
      const fault = isMeant ? faults.shift() : undefined;
      if (fault !== undefined) return fault;
    }
    return { kind: 'none' };
  }

  #send(outgoing: ServerResponse, isHead: boolean, answer: S3Answer, kind: ServerFault['kind']): void {
    const { status, headers, body } = answer;
    if (kind === 'reset') outgoing.socket?.resetAndDestroy();
    if (kind === 'silence') this.onSilence();
    if (kind === 'reset' || kind === 'silence') return;
    const date = new Date(Date.now() + this.modes.clockOffsetMs).toUTCString();
    const hasBody = status !== 204 && status !== 304;
    const length = hasBody ? { 'content-length': String(body.length) } : {};
    outgoing.writeHead(status, { ...headers, ...length, date });
    const isCut = kind === 'truncated' || kind === 'stall';
    if (isHead || !hasBody) outgoing.end();
    else if (!isCut) outgoing.end(body);
    else
      outgoing.write(body.subarray(0, body.length >> 1), () => {
        if (kind === 'truncated') outgoing.destroy();
        else this.onSilence();
      });
  }
}

async function readRequest(incoming: IncomingMessage): Promise<S3Request> {
  const url = new URL(incoming.url ?? '/', 'http://server');
  const [, bucket = '', ...key] = url.pathname.split('/').map(decodeURIComponent);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const operation = operationOf(incoming.method ?? '', url.searchParams, key.join('/') !== '');
  const { headers } = incoming;
  return {
    operation,
    bucket,
    key: key.join('/'),
    query: url.searchParams,
    headers,
    body: Buffer.concat(chunks),
  };
}

/** Returns what is sent in place of an answer. */
function spoil(answer: S3Answer | undefined, fault: ServerFault): S3Answer {
  if (fault.kind === 'status') {
    const { status, code, headers = {} } = fault;
    const error = errorAnswer(status, code, `a fault was asked for`);
    return { ...error, headers: { ...error.headers, ...headers } };
  }
  if (fault.kind === 'bare') return { status: fault.status, headers: {}, body: Buffer.alloc(0) };
  if (fault.kind === 'error_in_success')
    return { ...errorAnswer(200, 'InternalError', 'We encountered an internal error.'), status: 200 };
  const { status, headers, body } = answer ?? { status: 200, headers: {}, body: Buffer.alloc(0) };
  if (fault.kind === 'body') return { status, headers, body: Buffer.from(fault.body) };
  if (fault.kind === 'short') return { status, headers, body: body.subarray(0, body.length >> 1) };
  if (fault.kind !== 'flipped') return { status, headers, body };
  const flipped = Buffer.from(body);
  flipped[0] = (flipped[0] ?? 0) ^ 1;
  return { status, headers, body: flipped };
}
