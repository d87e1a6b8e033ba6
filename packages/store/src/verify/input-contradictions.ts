import {
  type CallExec,
  type ExecRecord,
  isDmlError,
  type NodeId,
  type NodeRecord,
  type TreeRoot,
  takesOutcomes,
  treeEntries,
} from '@daggerml/object-model';
import { ifReadable } from '../objects/if-readable.ts';
import type { ObjectFault } from './object-fault.ts';
import { scopedValue } from './scoped-value.ts';
import type { WholeRecords } from './whole-records.ts';

/** Pins and inputs that are compared for one exec: execs that share them cost no more for that. */
const MAX_COMPARED = 1_024;

type Faults = Generator<ObjectFault, void, undefined>;

/** Lists the first input of an exec that is another value than its input node has whatever the pins are. */
export function* inputFaults(exec: ExecRecord, node: NodeRecord, records: WholeRecords): Faults {
  const objectId = new InputComparison(records, []).contradicted(exec, node);
  // @spec DML-STO-0950
  if (objectId !== undefined)
    yield { code: 'exec_contradiction', member: 'input', to: { class: 'node', objectId } };
}

/** Lists the pins of an exec that lead to an exec of other inputs than the input nodes have under these pins. */
export function* pinFaults({ pins }: CallExec, records: WholeRecords): Faults {
  const comparison = new InputComparison(records, pins);
  try {
    for (const [nodeId, execId] of treeEntries('pins', pins, records)) {
      if (!comparison.goesOn()) return;
      const node = records.get('node', nodeId);
      const exec = records.get('exec', execId);
      if (node === undefined || exec?.nodeId !== nodeId) continue;
      // @spec DML-STO-0951
      if (comparison.contradicted(exec, node) !== undefined)
        yield { code: 'pin_contradiction', nodeId, to: { class: 'exec', objectId: execId } };
    }
  } catch (error) {
    // Pages that cannot be read are the faults of others.
    if (!isDmlError(error)) throw error;
  }
}

/** Compares inputs of execs with the values that their input nodes have under some pins. */
class InputComparison {
  readonly #records: WholeRecords;
  readonly #pins: TreeRoot<'pins'>;
  #compared = 0;

  constructor(records: WholeRecords, pins: TreeRoot<'pins'>) {
    this.#records = records;
    this.#pins = pins;
  }

  /** Counts a comparison; false when there were enough. */
  goesOn(): boolean {
    this.#compared += 1;
    return this.#compared <= MAX_COMPARED;
  }

  /** Returns the first input node that has another value than an exec says; what is unknown contradicts nothing. */
  contradicted(exec: ExecRecord, node: NodeRecord): NodeId | undefined {
    if (node.kind === 'literal' || node.kind === 'import') return undefined;
    // @spec DML-EXE-3144
    if (takesOutcomes(node)) return undefined;
    return ifReadable(() => {
      const values = treeEntries('values', exec.inputs, this.#records);
      for (const inputNodeId of treeEntries('inputs', node.inputs, this.#records)) {
        const value = values.next();
        if (value.done === true || !this.goesOn()) return undefined;
        const expected = scopedValue(inputNodeId, this.#pins, this.#records);
        if (expected !== undefined && expected !== value.value) return inputNodeId;
      }
      return undefined;
    });
  }
}
