import { SELF_KEY } from '@daggerml/capture';
import type { NodeId } from '@daggerml/object-model';
import { parseFunctionUri } from '@daggerml/repository';
import { lowerValue } from '@daggerml/values';
import type {
  AdapterAnswer,
  AdapterContext,
  ExecutionAdapter,
  Poll,
  Submission,
} from '../src/adapters/port.ts';
import type { NestedAnswer } from '../src/worker/wire.ts';

/** Keeps attempts open until the test answers them. */
export class HeldAdapter implements ExecutionAdapter {
  readonly capacity = 1000;
  readonly held: Submission[] = [];
  /** Answers that the functions of attempts have got. */
  readonly nestedAnswers: NestedAnswer['type'][] = [];
  #requests = 0;
  readonly #context: AdapterContext;

  constructor(context: AdapterContext) {
    this.#context = context;
  }

  submit(submissions: readonly Submission[]): void {
    this.held.push(...submissions);
    this.#context.report(submissions.map(({ nodeId }) => ({ type: 'started', nodeId })));
  }

  /** Makes the function of an attempt call itself with another input. */
  nest(value: unknown, { nodeId }: Pick<Submission, 'nodeId'>): void {
    const inputs = [{ datumId: lowerValue(value, this.#context.objects, '') }];
    const request = { request: this.#requests++, calleeKey: SELF_KEY, inputs, options: {} };
    this.#context.report([{ type: 'nested', nodeId, request }]);
  }

  answerNested(_nodeId: NodeId, _request: number, answer: NestedAnswer): void {
    this.nestedAnswers.push(answer.type);
  }

  poll(_polls: readonly Poll[]): void {}

  stop(): void {}

  async close(): Promise<void> {}

  /** Names of the captured functions of the attempts that are held. */
  get names(): readonly string[] {
    return this.held.map(({ functionUri }) => parseFunctionUri(functionUri).exportName);
  }

  /** Answers an attempt, the newest one by default. */
  answer(answer: AdapterAnswer, { nodeId }: Pick<Submission, 'nodeId'> = this.#newest()): void {
    this.#context.report([{ type: 'answered', nodeId, answer }]);
  }

  /** Ends an attempt with a value, the newest one by default. */
  end(value: unknown, attempt: Pick<Submission, 'nodeId'> = this.#newest()): void {
    const datumId = lowerValue(value, this.#context.objects, '');
    this.answer({ type: 'done', outcome: 'ok', datumId }, attempt);
  }

  #newest(): Submission {
    return this.held.pop() as Submission;
  }
}
