import { type Answer, statedIn, UsageError } from '../commands.ts';
import { plan } from '../plan.ts';
import type { RequirementRecord } from '../requirement-record.ts';
import { readSuite } from '../workspace.ts';
import { type CitingRunner, runWithVitest } from './citing-run.ts';
import { type MutationOutcome, type MutationRow, tryRequirement } from './mutation-run.ts';
import { sampleIds } from './sample.ts';
import { createScratchCopy } from './scratch-copy.ts';

/** Verified requirements to mutate, and the suite they belong to. */
export interface MutateRequest {
  readonly root: string;
  /** Those that are meant; a sample of all where none is named. */
  readonly ids: readonly string[];
  readonly sampleSize: number;
  /** Decides which requirements are in the sample and which clause of an owner breaks. */
  readonly seed: number;
  /** Receives progress. */
  say(text: string): void;
  /** Runs citing tests; vitest unless a test supplies another. */
  readonly runTests?: CitingRunner;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const OUTCOMES: readonly MutationOutcome[] = [
  'killed',
  'survived',
  'not_loaded',
  'not_mutable',
  'no_baseline',
];

/** Breaks one clause of the owner of each chosen requirement in a scratch copy and reports who noticed. */
export async function mutate(request: MutateRequest): Promise<Answer> {
  const { root, seed, say, runTests = runWithVitest } = request;
  const { records } = plan(readSuite(root));
  const sample = chosenRequirements(records, request);
  const copy = createScratchCopy(root);
  const end = (): never => process.exit(1);
  for (const signal of SIGNALS) process.once(signal, end);
  // @spec DML-TRC-0906
  process.once('exit', copy.remove);
  const rows: MutationRow[] = [];
  try {
    for (const [index, record] of sample.entries()) {
      say(`${index + 1}/${sample.length} ${record.id}`);
      const row = await tryRequirement({ folder: copy.folder, seed, runTests }, record);
      if (row.outcome !== 'killed')
        say(`  ${wordsOf(row.outcome)} ${row.operator ?? ''} ${row.original ?? ''}`);
      rows.push(row);
    }
  } finally {
    copy.remove();
    process.removeListener('exit', copy.remove);
    for (const signal of SIGNALS) process.removeListener(signal, end);
  }
  const counts = OUTCOMES.map((outcome) => {
    const count = rows.filter((row) => row.outcome === outcome).length;
    return `${count} ${wordsOf(outcome)}`;
  });
  return {
    text: [`seed ${seed}`, '', ...table(rows), '', counts.join(', ')].join('\n'),
    isRed: rows.some(({ outcome }) => outcome !== 'killed' && outcome !== 'not_mutable'),
  };
}

function chosenRequirements(
  records: readonly RequirementRecord[],
  { ids, sampleSize, seed }: MutateRequest,
): RequirementRecord[] {
  const verified = records.filter(({ state }) => state === 'verified').map(({ id }) => id);
  // @spec DML-TRC-0909
  const chosen = ids.length > 0 ? [...new Set(ids)].sort() : sampleIds(verified, sampleSize, seed);
  if (chosen.length === 0) throw new UsageError('no requirement is verified: run `npm test` first');
  return chosen.map((id) => {
    const record = statedIn(records, id);
    if (record.state === 'verified') return record;
    throw new UsageError(`${id} is not verified; only what a passing test cites can be tried`);
  });
}

function wordsOf(outcome: MutationOutcome): string {
  return outcome.replace('_', ' ');
}

function table(rows: readonly MutationRow[]): string[] {
  const lines = rows.map(({ id, outcome, operator = '–', owner, original = '' }) => [
    id,
    wordsOf(outcome),
    operator,
    owner,
    original.trim().slice(0, 60),
  ]);
  const all = [['id', 'outcome', 'operator', 'owner', 'broken code'], ...lines];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  return all.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths?.[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
