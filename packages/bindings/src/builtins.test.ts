import { builtinOperations } from '@daggerml/execution';
import { expect, it } from 'vitest';
import { Project, recorded } from '../test/project.ts';
import type { NodeHandle } from './node-handle.ts';

const kinds = ['list', 'set', 'map'] as const;

it('Dag.list, Dag.set and Dag.map apply each builtin but those that construct to their arguments [DML-BND-1131]', async () => {
  const dag = (await Project.create()).repository.newDag('builtins');
  for (const kind of kinds) {
    const methods = dag[kind] as unknown as Record<string, (...inputs: unknown[]) => NodeHandle>;
    const operations = builtinOperations(kind).filter((operation) => operation !== 'construct');
    expect(Object.keys(methods)).toEqual(operations);
    for (const operation of operations)
      for (const inputs of [[], ['a', 'b', 'c', 'd']]) {
        const handle = methods[operation]!(...inputs);
        const ids = inputs.map((input) => dag.literal(input).nodeId);
        expect(recorded(dag, handle)).toEqual({ uri: `dml://${kind}/${operation}`, inputs: ids });
        await expect(handle.value()).rejects.toMatchObject({ code: 'wrong_arity' });
      }
  }
  expect(await dag.map.get({ a: dag.list.append([1], 2) }, 'a').value()).toEqual([1, 2]);
});
