import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Schedulable, Scheduler } from './scheduler.ts';

class TestNode implements Schedulable<TestNode> {
  readonly name: string;
  readonly inputs: readonly TestNode[];
  isKnown = false;
  isTentative = false;
  unknownInputs = 0;
  dependents: TestNode[] | undefined;

  constructor(name: string, inputs: readonly TestNode[] = []) {
    this.name = name;
    this.inputs = inputs;
  }
}

/** Takes all nodes that are ready. */
function ready(scheduler: Scheduler<TestNode>): string[] {
  const names: string[] = [];
  for (let node = scheduler.next(); node; node = scheduler.next()) names.push(node.name);
  return names;
}

function know(scheduler: Scheduler<TestNode>, node: TestNode, isTentative = false): void {
  node.isKnown = true;
  node.isTentative = isTentative;
  scheduler.know(node);
}

describe('Scheduler', () => {
  it('has what hangs on a withdrawn outcome wait again', () => {
    const scheduler = new Scheduler<TestNode>();
    const [found, sure] = [new TestNode('found'), new TestNode('sure')];
    const early = new TestNode('early', [found, sure]);
    for (const node of [found, sure, early]) scheduler.add(node);
    expect(ready(scheduler)).toEqual(['found', 'sure']);
    know(scheduler, found, true);
    know(scheduler, sure);
    const late = new TestNode('late', [found]);
    scheduler.add(late);
    expect(ready(scheduler)).toEqual(['early', 'late']);
    scheduler.withdraw(found);
    scheduler.withdraw(new TestNode('unknown'));
    Object.assign(found, { isKnown: false, isTentative: false });
    for (const node of [early, late, found]) scheduler.retry(node);
    expect(ready(scheduler)).toEqual(['found']);
    know(scheduler, found);
    expect(ready(scheduler).sort()).toEqual(['early', 'late']);
  });

  it('brings any graph to its end, no node before its inputs', () => {
    const graphs = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(graphs, (graph) => {
        const scheduler = new Scheduler<TestNode>();
        const nodes: TestNode[] = [];
        for (const inputs of graph) {
          const chosen = nodes.length === 0 ? [] : inputs.map((at) => nodes[at % nodes.length] as TestNode);
          nodes.push(new TestNode(`${nodes.length}`, chosen));
        }
        for (const node of nodes) scheduler.add(node);
        const order: TestNode[] = [];
        for (let node = scheduler.next(); node; node = scheduler.next()) {
          expect(node.inputs.every((input) => input.isKnown)).toBe(true);
          order.push(node);
          know(scheduler, node);
        }
        expect(new Set(order).size).toBe(nodes.length);
        expect(order).toHaveLength(nodes.length);
      }),
      { seed: 20_261_127 },
    );
  });
});
