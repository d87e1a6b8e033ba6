import {
  type CallExec,
  decodeRecord,
  type ExecutionKey,
  executionKey,
  idOfBytes,
  isDmlError,
  type Records,
  scanLinks,
} from '@daggerml/object-model';
import type { Link, LinkedObject } from '../format/link.ts';

/** Source of a walk, and what it leaves out. */
export interface OutcomeSource {
  /** Returns the bytes of an object; undefined where it is missing. */
  bytesOf(link: Link): Uint8Array | undefined;
  /** Checks whether an object is known together with everything that it reaches. */
  isWhole(link: Link): boolean;
}

/** An object that a walk came to, after all that it reaches. */
export interface WalkedObject extends LinkedObject {
  /** False where the outcome's own inputs, which are left out, are among what it reaches. */
  readonly isWhole: boolean;
}

/** Objects that an outcome is made of, and those of them that are missing or cannot be read. */
export interface WalkedOutcome {
  readonly objects: readonly WalkedObject[];
  readonly missing: readonly Link[];
}

/** Returns the exec of a call that answers an execution key and was computed itself; undefined for other bytes. */
export function answeringExec(bytes: Uint8Array, key: ExecutionKey): CallExec | undefined {
  try {
    const exec = decodeRecord(bytes, 'exec') as Records['exec'];
    // @spec DML-REM-1208
    if (exec.nodeKind !== 'call' || exec.sourceExecId !== null) return undefined;
    // @spec DML-REM-1206
    return executionKey(exec.functionDatumId, exec.inputs) === key ? exec : undefined;
  } catch (error) {
    if (isDmlError(error)) return undefined;
    throw error;
  }
}

/** Returns the ids that an outcome leaves out: those of its function and its input values. */
export function ownIds({ functionDatumId, inputs }: CallExec): ReadonlySet<string> {
  return new Set<string>([functionDatumId, ...[inputs].flat()]);
}

/** Returns the links of an object, none of a chunk; undefined for bytes that are no record of this version. */
export function linksIn({ class: objectClass, bytes }: LinkedObject): Link[] | undefined {
  const links: Link[] = [];
  if (objectClass === 'chunk') return links;
  try {
    scanLinks(bytes, (linkedClass, at) => links.push({ class: linkedClass, id: idOfBytes(bytes, at) }));
    return links;
  } catch (error) {
    if (isDmlError(error)) return undefined;
    throw error;
  }
}

interface Step {
  readonly object: LinkedObject;
  readonly links: readonly Link[];
  next: number;
  isWhole: boolean;
}

/**
 * Walks everything that an exec reaches, without what its source has whole and without `own` ids. Objects come after all
 * that they reach.
 */
export function walkOutcome(root: Link, own: ReadonlySet<string>, source: OutcomeSource): WalkedOutcome {
  const objects: WalkedObject[] = [];
  const missing: Link[] = [];
  /** Ids that were come to, and whether each is whole. */
  const seen = new Map<string, boolean>();
  const steps: Step[] = [];
  const enter = (link: Link): boolean => {
    const known = seen.get(link.id);
    if (known !== undefined) return known;
    if (own.has(link.id)) return false;
    if (source.isWhole(link)) return true;
    seen.set(link.id, false);
    const bytes = source.bytesOf(link);
    const object = bytes && { ...link, bytes };
    const links = object && linksIn(object);
    if (object === undefined || links === undefined) {
      missing.push(link);
      return false;
    }
    steps.push({ object, links, next: 0, isWhole: true });
    return true;
  };
  enter(root);
  for (let step = steps.at(-1); step !== undefined; step = steps.at(-1)) {
    const link = step.links[step.next];
    if (link !== undefined) {
      step.next += 1;
      // One that is entered says at its end whether it is whole.
      if (!enter(link)) step.isWhole = false;
      continue;
    }
    steps.pop();
    seen.set(step.object.id, step.isWhole);
    objects.push({ ...step.object, isWhole: step.isWhole });
    const above = steps.at(-1);
    if (above !== undefined && !step.isWhole) above.isWhole = false;
  }
  return { objects, missing };
}
