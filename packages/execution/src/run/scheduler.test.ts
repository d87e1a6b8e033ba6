import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Schedulable, Scheduler } from './scheduler.ts';

class TestNode implements Schedulable<TestNode> {
  readonly name: string;
  readonly inputs: readonly TestNode[];
  isKnown = false;
  readonly isTentative = false;
  unknownInputs = 0;
  dependents: TestNode[] | undefined;

  constructor(name: string, inputs: readonly TestNode[] = []) {
    this.name = name;
    this.inputs = inputs;
  }
}

describe('Scheduler', () => {
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
          node.isKnown = true;
          scheduler.know(node);
        }
        expect(new Set(order).size).toBe(nodes.length);
        expect(order).toHaveLength(nodes.length);
      }),
      { seed: 20_261_127 },
    );
  });
});
