import { setImmediate } from 'node:timers/promises';
import {
  type CommitId,
  type DatumId,
  decodeRecord,
  type ExecId,
  type ExecutionKey,
  executionKey,
  idOfBytes,
  type PageId,
  type Records,
  scanLinks,
  type TreeRoot,
  writeIdBytes,
} from '@daggerml/object-model';
import { ifReadable, ObjectKeySet, type Store } from '@daggerml/store';
import { KeptOutcomes } from './kept-outcomes.ts';

/** Calls to look for: those that commits pin, and that were made by calls. */
export interface CallRoots {
  readonly commitIds: readonly CommitId[];
  readonly execIds?: Iterable<ExecId> | undefined;
  /** True for the calls of older commits as well. */
  readonly withHistory?: boolean | undefined;
}

export interface KeptCallsOptions {
  /** Filter of outcomes; all count by default. */
  readonly isWanted?: ((key: ExecutionKey, execId: ExecId) => boolean) | undefined;
  readonly onProgress?: ((calls: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Calls of which a store has outcomes. */
export interface KeptCalls {
  readonly outcomes: KeptOutcomes;
  readonly functionIds: ReadonlySet<DatumId>;
  /** Outcomes that are not wanted. */
  readonly unwanted: number;
  /** Execs and pages of pins that are not here. */
  readonly absent: number;
}

type Step =
  | { readonly class: 'commit' | 'page' | 'exec'; readonly id: string }
  | { readonly class: 'outcome'; readonly execId: ExecId; readonly exec: Records['exec'] };

/** Objects between two turns in which others run. */
const TURN_OBJECTS = 2_000;

/**
 * Finds the outcomes of calls that ran, and of the calls that these made. Each object is read once; some 110 bytes are held
 * for each call. Rejects with the reason of the signal.
 */
export async function keptCalls(
  store: Store,
  { commitIds, execIds = [], withHistory = false }: CallRoots,
  { isWanted = () => true, onProgress, signal }: KeptCallsOptions = {},
): Promise<KeptCalls> {
  const outcomes = new KeptOutcomes();
  const functionIds = new Set<DatumId>();
  const seen = new Seen();
  const steps: Step[] = [];
  let unwanted = 0;
  let absent = 0;
  const enter = (objectClass: 'commit' | 'page' | 'exec', id: string): void => {
    if (seen.add(id)) steps.push({ class: objectClass, id });
  };
  const enterPins = (pins: TreeRoot<'pins'>): void => {
    if (typeof pins === 'string') enter('page', pins);
    else for (const [, execId] of pins) enter('exec', execId);
  };
  const take = (step: Step): void => {
    switch (step.class) {
      case 'commit': {
        const commit = readRecord(store, 'commit', step.id);
        // One that was left out is no reason to leave out others.
        if (commit === undefined) return;
        enterPins(commit.pins);
        if (withHistory) for (const id of commit.parentCommitIds) enter('commit', id);
        return;
      }
      case 'page': {
        const bytes = ifReadable(() => store.get('page', step.id as PageId));
        if (bytes === undefined) absent += 1;
        else
          scanLinks(bytes, (objectClass, at) => {
            if (objectClass === 'page' || objectClass === 'exec') enter(objectClass, idOfBytes(bytes, at));
          });
        return;
      }
      case 'exec': {
        const exec = readRecord(store, 'exec', step.id);
        if (exec === undefined) absent += 1;
        else if (exec.nodeKind === 'call') {
          functionIds.add(exec.functionDatumId);
          // It is made of those that it has made, which come first mostly.
          if (exec.sourceExecId === null) steps.push({ class: 'outcome', execId: step.id as ExecId, exec });
          else enter('exec', exec.sourceExecId);
          enterPins(exec.pins);
        }
        return;
      }
      case 'outcome': {
        const { functionDatumId, inputs, status } = step.exec;
        const key = executionKey(functionDatumId, inputs);
        if (isWanted(key, step.execId)) outcomes.add(key, step.execId, status);
        else unwanted += 1;
      }
    }
  };
  for (const id of commitIds) enter('commit', id);
  for (const id of execIds) enter('exec', id);
  let count = 0;
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    take(step);
    count += 1;
    if (count % TURN_OBJECTS > 0) continue;
    onProgress?.(outcomes.length);
    await setImmediate();
    signal?.throwIfAborted();
  }
  return { outcomes, functionIds, unwanted, absent };
}

function readRecord<Class extends 'commit' | 'exec'>(
  store: Store,
  objectClass: Class,
  id: string,
): Records[Class] | undefined {
  return ifReadable(() => {
    const bytes = store.get(objectClass, id as never);
    return bytes && (decodeRecord(bytes, objectClass) as Records[Class]);
  });
}

/** Ids that were come to. */
class Seen {
  readonly #keys = new ObjectKeySet();
  readonly #key: Uint8Array = new Uint8Array(33);

  /** Returns false for an id that was added before. */
  add(id: string): boolean {
    writeIdBytes(id as ExecId, this.#key, 1);
    return this.#keys.add(this.#key);
  }
}
