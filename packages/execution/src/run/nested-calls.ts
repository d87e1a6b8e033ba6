import { SELF_KEY } from '@daggerml/capture';
import { canonicalName, type DatumId, isDmlError } from '@daggerml/object-model';
import type { ExecutionAdapter } from '../adapters/port.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import type { NestedAnswer, NestedRequest } from '../worker/wire.ts';
import type { Attempt, NestedCall } from './attempts.ts';
import type { CallSpec } from './callee.ts';
import { calleeOfKey } from './callees.ts';
import type { AttemptFailure } from './machine.ts';
import type { RunNode } from './run-node.ts';

/** Functions that wait for one another in a row, each of which holds a thread. */
const MAX_DEPTH = 32;

export interface NestedCallsOptions {
  readonly objects: RunObjects;
  readonly adapter: ExecutionAdapter;
  addLiteral(datumId: DatumId): RunNode;
  addCall(spec: CallSpec, inputs: readonly RunNode[], depth: number): RunNode;
  /** Puts a node before those that fewer running functions wait for. */
  raise(node: RunNode, depth: number): void;
  /** Ends the attempt of a call whose own calls say nothing about it. */
  endAttempt(node: RunNode, failure: AttemptFailure): void;
  /** Returns the value of a node that has one. */
  valueOf(node: RunNode): DatumId;
}

/** The calls that functions of a run make while they run: nodes of the run like all others. */
export class NestedCalls {
  readonly #options: NestedCallsOptions;

  constructor(options: NestedCallsOptions) {
    this.#options = options;
  }

  /** Adds a call that the function of an attempt makes, and answers it when its outcome is known. */
  begin(attempt: Attempt, request: NestedRequest): void {
    const { node: caller } = attempt;
    const { number } = attempt;
    const answer = (answered: NestedAnswer): void => {
      // A later attempt makes its own requests.
      if (attempt.number !== number || !attempt.isAsked) return;
      this.#options.adapter.answerNested?.(caller.nodeId, request.request, answered);
    };
    let made: NestedCall;
    try {
      made = this.#add(attempt, request);
    } catch (error) {
      if (!isDmlError(error) && !(error instanceof Refused)) throw error;
      return answer({ type: 'threw', message: error.message });
    }
    const { node } = made;
    // @spec DML-EXE-3405
    if (caller.depth >= MAX_DEPTH || reaches(node, caller))
      return this.#options.endAttempt(caller, endlessFailure(caller, node));
    caller.awaited ??= new Set();
    caller.awaited.add(node);
    const take = (): void => {
      caller.awaited?.delete(node);
      this.#answer(caller, node, answer);
    };
    if (node.isKnown && !node.isTentative) take();
    else {
      node.onKnown ??= [];
      node.onKnown.push(take);
      this.#options.raise(node, caller.depth + 1);
    }
  }

  #add(attempt: Attempt, { request, calleeKey, inputs, options }: NestedRequest): NestedCall {
    attempt.nested ??= new Map();
    const { nested } = attempt;
    const nodes = inputs.map((input) =>
      'datumId' in input
        ? this.#options.addLiteral(input.datumId)
        : // @spec DML-EXE-3411
          (nested.get(input.request) as NestedCall).node,
    );
    const { node: caller } = attempt;
    const node = this.#options.addCall(this.#specOf(caller, calleeKey, options), nodes, caller.depth + 1);
    const call = { node, name: nameOf(node, options.name, nested) };
    nested.set(request, call);
    return call;
  }

  #specOf(caller: RunNode, calleeKey: string, options: NestedRequest['options']): CallSpec {
    const { callee } = caller;
    if (!callee) throw new Refused('a call is made by a function');
    const functionDatumId =
      calleeKey === SELF_KEY
        ? callee.functionDatumId
        : calleeOfKey(callee.functionDatumId, calleeKey, this.#options.objects);
    // @spec DML-EXE-3403
    if (functionDatumId === undefined)
      throw new Refused('the function of a call is none of those that were captured with its caller');
    const captured = calleeKey === SELF_KEY ? callee.captured : callee.captured?.callees.get(functionDatumId);
    const { name: _, ...own } = options;
    // @spec DML-EXE-3408
    const { cache, retryFailed } = callee.options;
    return {
      functionDatumId,
      options: {
        ...own,
        ...(cache !== undefined && { cache }),
        ...(retryFailed !== undefined && { retryFailed }),
      },
      ...(captured && { captured }),
    };
  }

  #answer(caller: RunNode, node: RunNode, answer: (answered: NestedAnswer) => void): void {
    const { failure } = node;
    if (!failure) return answer({ type: 'value', datumId: this.#options.valueOf(node) });
    const { class: failureClass, code, detail, message } = failure;
    // @spec DML-EXE-3409
    if (failureClass === 'deterministic') return answer({ type: 'threw', message });
    const name = node.callee?.name ?? node.kind;
    // The innermost call is the one to look at.
    const reason = message.startsWith(ITS_CALL) ? message : `${ITS_CALL}${name} failed: ${message}`;
    // @spec DML-EXE-3412
    this.#options.endAttempt(caller, { code, detail, reason });
  }
}

const ITS_CALL = 'its call of ';

/** A call that a function asks for in a way that is its own failure. */
class Refused extends Error {}

/**
 * Returns the name of a call in the result dag. Throws for one that another call has.
 *
 * @spec DML-EXE-3410
 */
function nameOf(
  { nodeId, callee }: RunNode,
  given: string | undefined,
  nested: ReadonlyMap<number, NestedCall>,
): string {
  const name = canonicalName(given ?? `${callee?.functionName ?? 'call'}-${nodeId.slice(0, 12)}`);
  // @spec DML-EXE-3413
  if (name === 'root') throw new Refused('the name "root" is taken by the result');
  for (const other of nested.values())
    if (other.name === name && other.node.nodeId !== nodeId)
      throw new Refused(`two calls have the name "${name}"`);
  return name;
}

/** Checks whether a node has to wait for another one: for its inputs, or for calls that its function has made. */
export function reaches(from: RunNode, wanted: RunNode): boolean {
  const seen = new Set([from]);
  for (const node of seen) {
    if (node === wanted) return true;
    if (node.isKnown) continue;
    for (const input of node.inputs) seen.add(input);
    for (const awaited of node.awaited ?? []) seen.add(awaited);
  }
  return false;
}

function endlessFailure(caller: RunNode, node: RunNode): AttemptFailure {
  const name = node.callee?.name ?? node.kind;
  const reason =
    caller.depth >= MAX_DEPTH
      ? `calls that functions make are nested more than ${MAX_DEPTH} deep`
      : `${ITS_CALL}${name} waits for it: the function calls itself with the same inputs`;
  return { code: 'nested_too_deep', reason };
}
