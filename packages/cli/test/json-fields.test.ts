import { describe, expect, it, vi } from 'vitest';
import { COMMANDS } from '../src/invocation/command-table.ts';

import { newKeyPem, TestRepository, words } from './test-repository.ts';

vi.setConfig({ testTimeout: 300_000 });

const CODE = `import { call } from '@daggerml/bindings';
export const inner = (n: number) => n * 10;
export const outer = async (n: number) => (await call(inner, n)) + 1;
export const broken = (n: number) => { throw new Error('no ' + n); };
`;
const PIPELINES = `import { definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./fields.steps.ts')>(new URL('./fields.steps.ts', import.meta.url));
export const fields = definePipeline('fields', { parameters: { k: 1 } }, (dag, { k }) => {
  dag.metric('m', dag.call(steps.outer, k));
  return dag.name('blob', dag.literal({ text: 'abc' }));
});
export const taken = definePipeline('taken', (dag) => [dag.import('fields').root, dag.import('fields')['metrics.m']]);
export const fails = definePipeline('fails', (dag) => dag.settled([dag.call(steps.broken, 1)]));
`;

/** Command lines of every command, in an order in which they can be run; those of ops and adapters need more than this. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  run: [
    'run fields.ts fields --param k=3',
    'run fields.ts fields --param k=4 --dry-run',
    'run fields.ts fails',
  ],
  params: ['params fields.ts fields'],
  code: ['code fields.steps.ts outer'],
  status: ['status'],
  log: ['log'],
  show: [
    'show fields',
    'show fields#root',
    'show metrics',
    'show HEAD',
    'show taken',
    'show outer(3)',
    'show inner',
  ],
  cat: ['cat fields'],
  export: ['export fields out.json'],
  'dag list': ['dag list'],
  branch: ['branch', 'branch own', 'branch --delete own'],
  ref: ['ref', 'ref main'],
  tag: ['tag one', 'tag', 'tag --delete one'],
  why: ['why fields', 'why outer(3)', 'why inner(3)'],
  who: ['who metrics'],
  logs: ['logs fields'],
  debug: ['debug outer(3) laid-out'],
  replay: ['replay outer(3)'],
  stats: ['stats'],
  compare: ['compare HEAD~1 HEAD', 'compare HEAD~3 HEAD~1'],
  table: ['table fields'],
  plot: ['plot fields metrics.m'],
  retry: ['retry fails'],
  'wip list': ['wip list'],
  'wip prune': ['wip prune --all'],
  switch: ['switch main'],
  merge: ['merge main main'],
  'dag delete': ['dag delete taken'],
  'dag restore': ['dag restore HEAD~1:taken'],
  'remote add': ['remote add origin ./shared', 'remote add public ./public'],
  'remote list': ['remote list'],
  push: ['push --dry-run', 'push', 'push --tags'],
  'cache push': ['cache push --dry-run', 'cache push --all'],
  'cache pull': ['cache pull --dry-run', 'cache pull'],
  fetch: ['fetch'],
  pull: ['pull'],
  clone: ['clone ./shared cloned'],
  worker: ['worker ./shared --idle 1'],
  'remote check': ['remote check'],
  'remote verify': ['remote verify', 'remote verify --content'],
  'remote repair': ['remote repair', 'remote repair --content'],
  'remote trust': ['remote trust origin', 'remote trust origin --unsigned', 'remote trust origin --all'],
  'remote log': ['remote log'],
  'claim list': ['claim list --all'],
  'remote gc': ['remote gc --dry-run', 'remote gc'],
  publish: [
    'publish --as model --sign domain.pem --remote public --dry-run',
    'publish --as model --sign domain.pem --remote public --withhold dags:taken',
    'publish --list --remote public',
  ],
  'reference add': ['reference add them public model'],
  'reference list': ['reference list'],
  'reference update': ['reference update'],
  snapshot: ['snapshot', 'snapshot --list'],
  'reference end': ['reference end them'],
  'remote remove': ['remote remove origin', 'remote remove public'],
  forget: ['forget --keep 2 --dry-run', 'forget --keep 2', 'forget --undo'],
  'bundle create': ['bundle create all.car'],
  'bundle verify': ['bundle verify all.car'],
  'bundle unbundle': ['bundle unbundle all.car', 'bundle unbundle all.car --as other'],
  gc: ['gc --dry-run'],
  verify: ['verify'],
  backup: ['backup copy'],
  schema: ['schema'],
  version: ['version'],
  init: ['init'],
  trust: ['trust'],
};
const ELSEWHERE = [
  'adapter check',
  'adapter list',
  'op cancel',
  'op resume',
  'op run',
  'op status',
  'remote restore',
];

/** Values that are the author's, and what they are called by. */
const OWN = ['value', 'values', 'parameters', 'given', 'metrics', 'pieces'];

function* fieldsIn(
  value: unknown,
  path: readonly string[] = [],
): Generator<readonly [readonly string[], unknown]> {
  if (Array.isArray(value)) for (const each of value) yield* fieldsIn(each, path);
  else if (typeof value === 'object' && value !== null)
    for (const [name, each] of Object.entries(value)) {
      if (OWN.includes(name)) continue;
      const inner = [...path, name];
      yield [inner, each];
      yield* fieldsIn(each, inner);
    }
}

/** Returns the fields of a document that are not named by the rules. */
function misnamed(document: unknown): string[] {
  return [...fieldsIn(document)].flatMap(([path, value]) => {
    const name = path.at(-1) as string;
    const texts = [value].flat().filter((each) => typeof each === 'string');
    const isBad =
      (texts.some((text) => /^[0-9a-f]{64}$/.test(text)) && !/(Ids?|[sS]ha256|^before|^after)$/.test(name)) ||
      (name === 'function' && texts.some((text) => !/^dml(\+exec)?:\/\//.test(text))) ||
      /^(dagName|branchName|tagName|indexName|callText|functionUri)$/.test(name) ||
      hasNamedDag(path, value);
    return isBad ? [`${path.join('.')}: ${JSON.stringify(value)}`] : [];
  });
}

/** Checks whether a field holds a dag that stands under another name than `dag`; an import names a node. */
function hasNamedDag(path: readonly string[], value: unknown): boolean {
  if (path.at(-1) === 'imported') return false;
  return [value]
    .flat()
    .some((each) => typeof each === 'object' && each !== null && 'dagId' in each && 'name' in each);
}

describe('the documents of all commands', () => {
  it('name one thing by one field [DML-CLI-3707] [DML-CLI-3708]', async () => {
    const repository = await TestRepository.create();
    repository.write('fields.steps.ts', CODE);
    repository.write('fields.ts', PIPELINES);
    repository.write('domain.pem', newKeyPem());
    for (const line of ['fields', 'fields --param k=2', 'taken', 'fields --param k=3'])
      await repository.dml(['run', 'fields.ts', ...words(line)]);
    expect([...Object.keys(LINES), ...ELSEWHERE].sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
    const found: string[] = [];
    for (const line of Object.values(LINES).flat()) {
      const argv = [...words(line), '--json'];
      const { stdout, stderr } = await repository.dml(
        argv.map((word) => (word === 'metrics' ? 'fields#metrics.m' : word)),
      );
      // Documents in lines, or one.
      const documents = /^(run|worker) /.test(line) ? stdout.trim().split('\n') : [stdout];
      expect(stdout, `${line}: ${stderr}`).not.toBe('');
      const wrong = documents.flatMap((text) => misnamed({ document: JSON.parse(text) }));
      found.push(...wrong.map((field) => `${line}: ${field}`));
    }
    expect(found).toEqual([]);
  });

  it('are looked at for what the rules forbid', () => {
    const hash = 'a'.repeat(64);
    expect(misnamed({ dags: [{ name: 'x', dagId: hash }] })).toHaveLength(1);
    expect(misnamed({ calls: [{ dagName: 'x' }, { function: 'fit' }, { from: hash }] })).toHaveLength(3);
    expect(misnamed({ calls: [{ dag: 'x', function: 'dml://list', commitId: hash, value: hash }] })).toEqual(
      [],
    );
  });
});
