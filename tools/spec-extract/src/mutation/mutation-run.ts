import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownersIn } from '../owner.ts';
import type { RequirementRecord } from '../requirement-index.ts';
import { breakBuiltTwin } from './built-twin.ts';
import { type CitingOutcome, type CitingRunner, distinctFiles } from './citing-run.ts';
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
  /** Outcome of the citing tests against the mutant. */
  readonly tests?: CitingOutcome;
}

/** A mutation run over chosen requirements. */
export interface MutationRun {
  /** The scratch copy, never the working tree. */
  readonly folder: string;
  readonly sample: readonly RequirementRecord[];
  /** Decides which clause of an owner breaks. */
  readonly seed: number;
  readonly runTests: CitingRunner;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Receives each mutant before it is tried. */
  onMutant(row: { readonly id: string; readonly position: number; readonly total: number }): void;
  /** Receives the outcome of each requirement as soon as it is known. */
  onOutcome?(row: MutationRow): void;
}

/** Breaks the owner of each requirement of the sample in turn and runs the tests that cite it. */
export async function runMutation(run: MutationRun): Promise<MutationRow[]> {
  const rows: MutationRow[] = [];
  for (const [index, record] of run.sample.entries()) {
    run.onMutant({ id: record.id, position: index + 1, total: run.sample.length });
    const row = await tryWithBaseline(run, record);
    run.onOutcome?.(row);
    rows.push(row);
  }
  return rows;
}

/** Tests that pass only after others would fail on the mutant whatever it breaks, so each is first run as it is. */
async function tryWithBaseline(run: MutationRun, record: RequirementRecord): Promise<MutationRow> {
  // @spec DML-TRC-0905
  if ((await testOutcome(run, record)) === 'passed') return await tryRequirement(run, record);
  return { id: record.id, owner: ownerOf(record), outcome: 'no_baseline' };
}

async function tryRequirement(run: MutationRun, record: RequirementRecord): Promise<MutationRow> {
  const owner = ownerOf(record);
  const path = fileOf(record);
  const target = join(run.folder, path);
  const text = readFileSync(target, 'utf8');
  const mutants = findMutants(path, text, record.id);
  // @spec DML-TRC-0918
  const mutant = mutants[placeOf(record.id, run.seed) % Math.max(1, mutants.length)];
  // @spec DML-TRC-0907
  if (mutant === undefined) return { id: record.id, owner, outcome: 'not_mutable' };
  const broken = applyMutant(text, mutant);
  writeFileSync(target, broken);
  // @spec DML-TRC-0908
  const mend = breakBuiltTwin(run.folder, path, broken);
  try {
    const tests = await testOutcome(run, record);
    const outcome = judged(tests);
    const original = text.slice(mutant.start, mutant.end).split('\n', 1)[0]?.trim() ?? '';
    return { id: record.id, owner, outcome, operator: mutant.operator, original, tests };
  } finally {
    writeFileSync(target, text);
    mend();
  }
}

/** Returns what the end of the citing tests says about a mutant. */
function judged(tests: CitingOutcome): MutationOutcome {
  if (tests === 'passed') return 'survived';
  // @spec DML-TRC-0911
  if (tests === 'not_loaded') return 'not_loaded';
  // @spec DML-TRC-0904
  return 'killed';
}

/** Lists the mutants of the statement that cites an id in a source text. */
export function findMutants(path: string, text: string, id: string): Mutant[] {
  const owner = ownersIn({ path, text }).find((candidate) => candidate.id === id);
  const node = owner === undefined ? undefined : decidingNode(owner.anchor);
  return node === undefined ? [] : mutantsOf(node);
}

async function testOutcome(run: MutationRun, record: RequirementRecord): Promise<CitingOutcome> {
  const { folder, timeoutMs, signal } = run;
  const files = distinctFiles(record.tests);
  const outcomes = await run.runTests({ folder, files, ids: [record.id], timeoutMs, signal });
  return outcomes.get(record.id) ?? 'not_loaded';
}

function ownerOf(record: RequirementRecord): string {
  return record.owners[0] ?? '';
}

function fileOf(record: RequirementRecord): string {
  return ownerOf(record).split('#', 1)[0] ?? '';
}
