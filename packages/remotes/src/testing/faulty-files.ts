import { remoteError } from '../errors.ts';
import type { ByteRange, FileVersion, ListedFile, RemoteFiles, SwapAnswer } from '../files/remote-files.ts';
import {
  FAULTS_OF,
  type Fault,
  type FaultPlan,
  type FileOperation,
  type FileRequest,
  StoppedError,
} from './faults.ts';

/** A swap that the remote will try later. */
interface DelayedSwap {
  readonly fromRequest: number;
  readonly swap: () => Promise<SwapAnswer>;
}

/** Files of a remote whose requests fail as a plan says, and are counted. */
export class FaultyFiles implements RemoteFiles {
  readonly name: string;
  /** Requests so far, in order. */
  readonly requests: FileRequest[] = [];
  /** Requests that had a fault, with it. A fault that an operation cannot have is not there. */
  readonly faults: { readonly request: FileRequest; readonly fault: Fault }[] = [];
  sentBytes = 0;
  receivedBytes = 0;
  readonly #files: RemoteFiles;
  #plan: FaultPlan;
  #delayed: DelayedSwap[] = [];
  readonly #putAt = new Map<string, number>();
  #isStopped = false;

  constructor(files: RemoteFiles, plan: FaultPlan = () => undefined) {
    this.#files = files;
    this.#plan = plan;
    this.name = files.name;
  }

  /** Returns the number of requests of an operation. */
  count(operation: FileOperation): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  /** Replaces the plan for the requests from now on. */
  follow(plan: FaultPlan): void {
    this.#plan = plan;
  }

  /** Tries the swaps that are delayed, all of them unless a request is named; returns how each one ended. */
  async tryDelayed(beforeRequest: number = Number.POSITIVE_INFINITY): Promise<SwapAnswer[]> {
    const due = this.#delayed.filter(({ fromRequest }) => fromRequest <= beforeRequest);
    this.#delayed = this.#delayed.filter((delayed) => !due.includes(delayed));
    const answers: SwapAnswer[] = [];
    for (const { swap } of due) answers.push(await swap());
    return answers;
  }

  async read(path: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    const { fault, carryOut } = this.#begin('read', path, range);
    const bytes = await carryOut(() => this.#files.read(path, range));
    return bytes && this.#receive(bytes, fault);
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    const { request, carryOut } = this.#begin('put', path);
    this.sentBytes += bytes.length;
    await carryOut(() => this.#files.put(path, bytes));
    this.#putAt.set(path, request.number);
  }

  async readVersion(path: string, knownVersion?: string): Promise<FileVersion | 'unchanged' | undefined> {
    const { fault, carryOut } = this.#begin('readVersion', path);
    const found = await carryOut(() => this.#files.readVersion(path, knownVersion));
    return typeof found === 'object' ? { ...found, bytes: this.#receive(found.bytes, fault) } : found;
  }

  async swap(path: string, expected: string | null, bytes: Uint8Array): Promise<SwapAnswer> {
    const { request, fault, carryOut } = this.#begin('swap', path);
    this.sentBytes += bytes.length;
    const cause = remoteError('remote_unreachable', {
      remote: this.name,
      operation: 'swap',
      reason: 'injected',
    });
    const swap = (): Promise<SwapAnswer> => this.#files.swap(path, expected, bytes);
    if (fault?.kind === 'lose' || fault?.kind === 'delay') {
      const fromRequest = fault.kind === 'delay' ? request.number + fault.requests : undefined;
      if (fromRequest !== undefined) this.#delayed.push({ fromRequest, swap });
      return carryOut(async () => ({ outcome: 'unknown', cause }));
    }
    if (fault?.kind === 'fail-after')
      return carryOut(async () => {
        await swap();
        return { outcome: 'unknown', cause };
      });
    const answer = await carryOut(swap);
    return fault?.kind === 'refuse-own' ? { outcome: 'refused' } : answer;
  }

  list(prefix: string): AsyncIterable<ListedFile> {
    return this.#list(prefix, this.#begin('list', prefix));
  }

  async *#list(
    prefix: string,
    { request, fault, carryOut }: Begun,
  ): AsyncGenerator<ListedFile, void, undefined> {
    const files = await carryOut(async () => {
      const found: ListedFile[] = [];
      for await (const file of this.#files.list(prefix)) found.push(file);
      return found;
    }, 'yield-half');
    for (const file of files.slice(0, fault?.kind === 'fail-after' ? files.length / 2 : undefined)) {
      const putAt = this.#putAt.get(file.path);
      const isLate =
        fault?.kind === 'stale' && putAt !== undefined && putAt >= request.number - fault.requests;
      if (!isLate) yield file;
    }
    if (fault?.kind === 'fail-after') throw this.#unreachable(request);
  }

  async remove(paths: readonly string[]): Promise<void> {
    const { carryOut } = this.#begin('remove', paths[0] ?? '');
    await carryOut(() => this.#files.remove(paths));
  }

  async now(): Promise<number> {
    const { carryOut } = this.#begin('now', '');
    return carryOut(() => this.#files.now());
  }

  async close(): Promise<void> {
    await this.#files.close();
  }

  #begin(operation: FileOperation, path: string, range?: ByteRange): Begun {
    const request: FileRequest = { number: this.requests.length, operation, path, range };
    this.#assertRunning();
    this.requests.push(request);
    const planned = this.#plan(request);
    const fault = planned && FAULTS_OF[operation].includes(planned.kind) ? planned : undefined;
    if (fault !== undefined) this.faults.push({ request, fault });
    const carryOut: Begun['carryOut'] = async (act, atLoss) => {
      await this.tryDelayed(request.number);
      this.#failBefore(request, fault);
      const answer = await act();
      if (fault?.kind === 'stop-after') this.#isStopped = true;
      // No answer reaches a process that has ended while it waited.
      this.#assertRunning();
      if (fault?.kind === 'fail-after' && operation !== 'swap' && atLoss === undefined)
        throw this.#unreachable(request);
      return answer;
    };
    return { request, fault, carryOut };
  }

  #failBefore(request: FileRequest, fault: Fault | undefined): void {
    if (fault?.kind === 'stop-before') this.#isStopped = true;
    this.#assertRunning();
    const { operation } = request;
    if (fault?.kind === 'fail-before') throw this.#unreachable(request);
    if (fault?.kind === 'fill') throw remoteError('remote_full', { remote: this.name });
    if (fault?.kind === 'forbid')
      throw remoteError('remote_refused', { remote: this.name, operation, reason: 'injected' });
  }

  #assertRunning(): void {
    if (this.#isStopped) throw new StoppedError();
  }

  #unreachable({ operation }: FileRequest): Error {
    return remoteError('remote_unreachable', { remote: this.name, operation, reason: 'injected' });
  }

  #receive(bytes: Uint8Array, fault: Fault | undefined): Uint8Array {
    this.receivedBytes += bytes.length;
    if (fault?.kind === 'truncate') return bytes.slice(0, bytes.length >>> 1);
    if (fault?.kind !== 'flip' || bytes.length === 0) return bytes;
    const flipped = bytes.slice();
    const at = Math.min(bytes.length - 1, Math.floor((fault.at ?? 0.5) * bytes.length));
    flipped[at] = (flipped[at] as number) ^ 1;
    return flipped;
  }
}

interface Begun {
  readonly request: FileRequest;
  readonly fault: Fault | undefined;
  /** Carries out a request with the faults that every operation can have. */
  readonly carryOut: <Answer>(act: () => Promise<Answer>, atLoss?: 'yield-half') => Promise<Answer>;
}
