import { type DatumId, isDmlError } from '@daggerml/object-model';
import { isTemporary, liftDatum, lowerDeeply, SourceThrew } from '@daggerml/values';
import { BundleRefused, type LoadedBundle, LoadFailed } from './bundle-modules.ts';
import { failureOf, isStackOverflow, messageOf, thrownNames, traceOf } from './function-failure.ts';
import type { NestedRequests } from './nested-requests.ts';
import { areSame, forgetMatches, nameOf, type Realm, redo, undo } from './realm.ts';
import type { RemoteObjects } from './remote-objects.ts';
import { usedSince } from './thread-cpu.ts';
import type { CallAnswer, CallMessage, LostAttempt, RealmState } from './wire.ts';

const { apply } = Reflect;
const now = performance.now.bind(performance);

/** The end of a call, with the use that its thread is of afterwards. */
export interface CallResult {
  readonly answer: CallAnswer;
  readonly realm: RealmState;
  /** Time that the function took. */
  readonly elapsedMs: number;
}

/** A value that the author's function threw, as opposed to the code that serves it. */
class FunctionThrew {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    this.thrown = thrown;
  }
}

/**
 * Makes one call so that nothing which its function or another one has done to the realm reaches what serves it: inputs
 * are made and the result is read in the untouched realm.
 */
export async function callAlone(
  load: () => Promise<LoadedBundle>,
  message: CallMessage,
  {
    objects,
    realm,
    nested,
    cpuMs,
  }: {
    readonly objects: RemoteObjects;
    readonly realm: Realm;
    readonly nested: NestedRequests;
    readonly cpuMs: () => number | undefined;
  },
): Promise<CallResult> {
  let bundle: LoadedBundle | undefined;
  let isTouched = false;
  let isScalar = false;
  let answer: CallAnswer;
  let elapsedMs = 0;
  let usedCpuMs: number | undefined;
  try {
    bundle = await load();
    const { changes } = bundle;
    const callee = calleeOf(bundle, message.exportName);
    const inputs = message.inputDatumIds.map((inputDatumId) => liftDatum(objects, inputDatumId));
    forgetMatches();
    if (changes) redo(changes);
    let value: unknown;
    let rootRequest: number | undefined;
    let thrown: FunctionThrew | undefined;
    const cpuBefore = cpuMs();
    const startedMs = now();
    try {
      const returned = apply(callee, undefined, inputs);
      // @spec DML-EXE-3406
      rootRequest = nested.numberOf(returned);
      value = await returned;
    } catch (error) {
      thrown = new FunctionThrew(error);
    }
    // @spec DML-EXE-3407
    if (!nested.isEmpty) await nested.settled();
    elapsedMs = now() - startedMs;
    usedCpuMs = usedSince(cpuBefore, elapsedMs, cpuMs);
    const left = realm.changes();
    isTouched = !areSame(left, changes);
    if (left && !undo(left)) throw new Error(`the function has changed ${nameOf(left)} for good`);
    if (thrown) throw thrown;
    isScalar = value === null || (typeof value !== 'object' && typeof value !== 'function');
    answer = { type: 'done', datumId: await lowered(value, objects), rootRequest };
  } catch (error) {
    answer = answerTo(error);
  }
  if (answer.type !== 'lost' && usedCpuMs !== undefined) answer = { ...answer, cpuMs: usedCpuMs };
  // Any other result may have run code of the function as it was read.
  isTouched ||= answer.type === 'lost' || (!isScalar && !areSame(realm.changes(), bundle?.residue));
  return { answer, realm: isTouched ? 'touched' : bundle?.changes ? 'of-bundle' : 'untouched', elapsedMs };
}

/**
 * Makes one of several calls, and leaves it to the comparison after the last one to find out whether the realm was
 * untouched all along. Returns undefined for everything but a value or what the function threw.
 */
export async function callTogether(
  bundle: LoadedBundle,
  message: CallMessage,
  objects: RemoteObjects,
): Promise<CallAnswer | undefined> {
  const callee = calleeOf(bundle, message.exportName);
  const inputs = message.inputDatumIds.map((inputDatumId) => liftDatum(objects, inputDatumId));
  forgetMatches();
  let value: unknown;
  try {
    value = await apply(callee, undefined, inputs);
  } catch (error) {
    const answer = answerTo(new FunctionThrew(error));
    return answer.type === 'lost' ? undefined : answer;
  }
  try {
    return { type: 'done', datumId: await lowered(value, objects) };
  } catch (error) {
    const answer = answerTo(error);
    return answer.type === 'lost' ? undefined : answer;
  }
}

function calleeOf({ exports }: LoadedBundle, exportName: string): (...inputs: unknown[]) => unknown {
  const callee = exports[exportName];
  if (typeof callee !== 'function')
    throw new LoadFailed(undefined, {
      cause: new TypeError(`the export "${exportName}" is not a function`),
    });
  return callee as (...inputs: unknown[]) => unknown;
}

/** @spec DML-EXE-0806 */
function lowered(value: unknown, objects: RemoteObjects): Promise<DatumId> {
  return lowerDeeply(value, objects, 'result');
}

/**
 * Returns what an error says about its call, which depends on where it was thrown: only the author's function, and the
 * value that it returned, can fail the call for good.
 *
 * @spec DML-EXE-2401
 */
function answerTo(error: unknown): CallAnswer {
  if (error instanceof FunctionThrew) return answerToThrown(error.thrown);
  if (error instanceof SourceThrew) return answerToThrown(error.cause);
  if (isRefusal(error)) return { type: 'threw', failure: failureOf(error) };
  // @spec DML-EXE-2404
  if (error instanceof LoadFailed) {
    const [at = ''] = traceOf(error.cause);
    return lost('load_failed', `${messageOf(error.cause)}${at && ` (${at})`}`);
  }
  if (isDmlError(error, 'unreadable_file')) return lost('unreadable_file', error.message);
  // @spec DML-EXE-0841
  const reason = error instanceof BundleRefused ? error.message : messageOf(error);
  return lost('worker_lost', reason);
}

function answerToThrown(thrown: unknown): CallAnswer {
  // @spec DML-EXE-2403
  if (isStackOverflow(thrown)) return lost('stack_overflow', messageOf(thrown));
  // @spec DML-EXE-0912
  if (isTemporary(thrown)) return lost('temporary_failure', messageOf(thrown));
  return { type: 'threw', failure: failureOf(thrown), names: thrownNames(thrown) };
}

/** Checks whether an error refuses a value without a datum form, which is the function's failure. */
function isRefusal(error: unknown): boolean {
  return ['unsupported_value', 'cyclic_value', 'reserved_scheme'].some((code) => isDmlError(error, code));
}

function lost(code: LostAttempt['code'], reason: string): CallAnswer & { readonly type: 'lost' } {
  return { type: 'lost', code, reason };
}
