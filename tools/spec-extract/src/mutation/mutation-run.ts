import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ownersIn } from '../owner.ts';
import type { RequirementRecord } from '../requirement-record.ts';
import type { CitingOutcome, CitingRunner } from './citing-run.ts';
import { decidingNode } from './deciding-node.ts';
import { applyMutant, type Mutant, mutantsOf, type Operator } from './mutant.ts';
import { placeOf } from './sample.ts';

/** Outcome of a requirement of the sample. */
export type MutationOutcome = 'killed' | 'survived' | 'not_loaded' | 'not_mutable' | 'no_baseline';

/** One row of the report. */
export interface MutationRow {
  readonly id: string;
  readonly owner: string;
  readonly outcome: MutationOutcome;
  /** Kind of change; absent when nothing could be broken. */
  readonly operator?: Operator;
  /** First line of the code that was replaced. */
  readonly original?: string;
}

/** A scratch copy, never the working tree, what runs tests in it, and the seed that chooses clauses. */
export interface MutationRun {
  readonly folder: string;
  readonly seed: number;
  readonly runTests: CitingRunner;
}

const OUTCOMES: Readonly<Record<CitingOutcome, MutationOutcome>> = {
  passed: 'survived',
  // @spec DML-TRC-0911
  not_loaded: 'not_loaded',
  // @spec DML-TRC-0904
  failed: 'killed',
  timed_out: 'killed',
};

/** Breaks one clause of the owner of a requirement and runs the tests that cite it. */
export async function tryRequirement(run: MutationRun, record: RequirementRecord): Promise<MutationRow> {
  const { folder, seed } = run;
  const { id, owners, tests } = record;
  const [owner = ''] = owners;
  const files = [...new Set(tests.map(({ file }) => file))].sort();
  const runCiting = () => run.runTests(folder, files, id);
  // Tests that pass only after others would fail on the mutant whatever it breaks.
  // @spec DML-TRC-0905
  if ((await runCiting()) !== 'passed') return { id, owner, outcome: 'no_baseline' };
  const path = owner.replace(/:\d+$/, '');
  const target = join(folder, path);
  const text = readFileSync(target, 'utf8');
  const mutants = findMutants(path, text, id);
  // @spec DML-TRC-0918
  const mutant = mutants[placeOf(id, seed) % Math.max(1, mutants.length)];
  // @spec DML-TRC-0907
  if (mutant === undefined) return { id, owner, outcome: 'not_mutable' };
  const broken = applyMutant(text, mutant);
  writeFileSync(target, broken);
  const mend = breakBuiltTwin(folder, path, broken);
  try {
    const [original = ''] = text.slice(mutant.start, mutant.end).split('\n', 1);
    return { id, owner, outcome: OUTCOMES[await runCiting()], operator: mutant.operator, original };
  } finally {
    writeFileSync(target, text);
    mend();
  }
}

/** Lists the mutants of the statement that cites an id in a source text. */
export function findMutants(path: string, text: string, id: string): Mutant[] {
  const owner = ownersIn({ path, text }).find((candidate) => candidate.id === id);
  const node = owner === undefined ? undefined : decidingNode(path, text, owner.offset);
  return node === undefined ? [] : mutantsOf(node);
}

const SOURCE = /^((?:packages|tools)\/[^/]+)\/src\/(.+)\.ts$/;

/**
 * Puts a broken source also in the place of what was built of it, for the tests that start programs, and returns
 * how to put the old one back. Does nothing where nothing was built.
 *
 * @spec DML-TRC-0908
 */
function breakBuiltTwin(folder: string, path: string, text: string): () => void {
  const [, home, name] = SOURCE.exec(path) ?? [];
  const target = join(folder, `${home}/dist/${name}.js`);
  if (!existsSync(target)) return () => undefined;
  const built = readFileSync(target);
  const { outputText } = ts.transpileModule(text, {
    fileName: path,
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  writeFileSync(target, outputText);
  return () => writeFileSync(target, built);
}
