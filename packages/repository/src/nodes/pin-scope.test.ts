import { buildTree, type ExecId, hashBytes, type NodeId } from '@daggerml/object-model';
import { MemoryObjects } from '@daggerml/values/testing';
import { describe, expect, it } from 'vitest';
import { treeScope } from './pin-scope.ts';

const idOf = (text: string): string => hashBytes(new TextEncoder().encode(text));

describe('treeScope', () => {
  it('finds every pin and no other, before and after all pins were read at once', () => {
    for (const count of [0, 1, 3, 40, 3000]) {
      const pins = Array.from({ length: count }, (_, index): [NodeId, ExecId] => [
        idOf(`node ${index}`) as NodeId,
        idOf(`exec ${index}`) as ExecId,
      ]);
      const objects = new MemoryObjects();
      const sorted = [...pins].sort(([a], [b]) => (a < b ? -1 : 1));
      const scope = treeScope(buildTree('pins', sorted, objects), objects);
      for (const [nodeId, execId] of pins) {
        expect(scope.getPin(nodeId)).toBe(execId);
        // The same first four bytes, another node.
        expect(scope.getPin(`${nodeId.slice(0, 8)}${'5'.repeat(56)}` as NodeId)).toBeUndefined();
      }
      for (const other of [idOf('other'), '0'.repeat(64), 'f'.repeat(64)])
        expect(scope.getPin(other as NodeId)).toBeUndefined();
    }
  });
});
