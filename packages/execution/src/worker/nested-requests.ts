import type { NestedCallOptions } from '@daggerml/capture';
import type { DatumId } from '@daggerml/object-model';
import { liftDatum, lowerDeeply } from '@daggerml/values';
import { namedError } from './function-failure.ts';
import type { PackedObjects } from './packed-objects.ts';
import type { RemoteObjects } from './remote-objects.ts';
import type { NestedInput, NestedMessage, NestedRequestMessage } from './wire.ts';

export interface NestedRequestsOptions {
  /** Sink of the inputs. */
  readonly objects: RemoteObjects;
  /** Sends a request, after everything that was put before. */
  readonly send: (request: Omit<NestedRequestMessage, 'type' | 'objects'>) => void;
  /** Reads what an answer is made of. */
  readonly received: (objects: PackedObjects) => RemoteObjects;
  /** Notes that one more answer is owed, and that one less is. */
  readonly expectAnswer: () => void;
  readonly noteAnswer: () => void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Numbers of requests; a thread never uses one twice. */
let requests = 0;

/** The calls that a running function makes. */
export class NestedRequests {
  readonly #options: NestedRequestsOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #numbers = new WeakMap<object, number>();
  readonly #promises: Promise<unknown>[] = [];
  /** Requests on their way; one that another has as its input goes first. */
  readonly #sent = new Map<number, Promise<void>>();

  constructor(options: NestedRequestsOptions) {
    this.#options = options;
  }

  /** Asks for a call; its inputs may be promises that this returned, which are then known to be its inputs. */
  request(calleeKey: string, inputs: readonly unknown[], options: NestedCallOptions): Promise<unknown> {
    const number = requests++;
    const answered = new Promise((resolve, reject) => this.#waiting.set(number, { resolve, reject }));
    this.#numbers.set(answered, number);
    this.#promises.push(answered);
    this.#options.expectAnswer();
    const sent = this.#send(number, calleeKey, { inputs, options });
    this.#sent.set(number, sent);
    sent.catch((error) => this.#end(number, { error }));
    return answered;
  }

  async #send(
    request: number,
    calleeKey: string,
    { inputs, options }: { readonly inputs: readonly unknown[]; readonly options: NestedCallOptions },
  ): Promise<void> {
    const lowered: NestedInput[] = [];
    for (const [at, input] of inputs.entries()) {
      const other = this.numberOf(input);
      const value = other === undefined && input instanceof Promise ? await input : input;
      if (other === undefined)
        lowered.push({ datumId: await lowerDeeply(value, this.#options.objects, `inputs[${at}]`) });
      else {
        await this.#sent.get(other);
        lowered.push({ request: other });
      }
    }
    this.#options.send({ request, calleeKey, inputs: lowered, options });
  }

  /** Returns the number of the request whose promise a value is; undefined for any other value. */
  numberOf(value: unknown): number | undefined {
    return typeof value === 'object' && value !== null ? this.#numbers.get(value) : undefined;
  }

  /** Takes the answer to a request; that to a call that failed has the name of what was thrown. */
  take({ request, answer }: NestedMessage): void {
    if (answer.type === 'threw') this.#end(request, { error: namedError(answer.message) });
    else this.#end(request, { datumId: answer.datumId, objects: answer.objects });
  }

  #end(
    request: number,
    outcome: { readonly error: unknown } | { readonly datumId: DatumId; readonly objects: PackedObjects },
  ): void {
    const waiting = this.#waiting.get(request);
    if (!waiting) return;
    this.#waiting.delete(request);
    this.#options.noteAnswer();
    if ('error' in outcome) return waiting.reject(outcome.error);
    try {
      waiting.resolve(liftDatum(this.#options.received(outcome.objects), outcome.datumId));
    } catch (error) {
      waiting.reject(error);
    }
  }

  /** Checks whether no call was asked for. */
  get isEmpty(): boolean {
    return this.#promises.length === 0;
  }

  /** Resolves when every request is answered: those that nobody awaits belong to the result as well. */
  async settled(): Promise<void> {
    for (let at = 0; at < this.#promises.length; at += 1)
      await (this.#promises[at] as Promise<unknown>).catch(() => {});
  }
}
