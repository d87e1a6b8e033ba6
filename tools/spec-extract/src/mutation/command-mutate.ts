import { unknownId } from '../command-show.ts';
import { type Answer, EXIT, UsageError } from '../output.ts';
import { plan } from '../plan.ts';
import type { RequirementRecord } from '../requirement-index.ts';
import { readSuite } from '../workspace.ts';
import { type CitingRunner, runWithVitest } from './citing-run.ts';
import { withInterrupt } from './interrupt.ts';
import { type MutationOutcome, type MutationRow, runMutation } from './mutation-run.ts';
import { chosenIds, type MutationChoice } from './sample.ts';
import { createScratchCopy } from './scratch-copy.ts';

/** Requirements to mutate, and the suite they belong to. */
export interface MutateRequest {
  readonly root: string;
  readonly today: string;
  readonly choice: MutationChoice;
  /** Receives progress. */
  say(text: string): void;
  /** Runs citing tests; vitest unless a test supplies another. */
  readonly runTests?: CitingRunner;
  /** Time limit for the tests of one requirement, after which their mutant counts as killed. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 120_000;
const OUTCOMES: readonly MutationOutcome[] = [
  'killed',
  'survived',
  'not_loaded',
  'not_mutable',
  'no_baseline',
];

/** Breaks one clause of the owner of each chosen requirement in a scratch copy and reports who noticed. */
export async function mutate(request: MutateRequest): Promise<Answer> {
  const { root, today, choice, say } = request;
  const { records } = plan(readSuite(root, today));
  const verified = records.filter(({ state }) => state === 'verified');
  const sample = chosenRequirements(root, records, choice);
  const what = `${sample.length} of ${verified.length} verified requirements, seed ${choice.seed}`;
  say(`trying ${what} …`);
  const rows = await withInterrupt(async (signal) => {
    const copy = createScratchCopy(root);
    try {
      return await runMutation({
        folder: copy.folder,
        sample,
        seed: choice.seed,
        runTests: request.runTests ?? runWithVitest,
        timeoutMs: request.timeoutMs ?? TIMEOUT_MS,
        signal,
        onMutant: ({ id, position, total }) => say(`${position}/${total} ${id}`),
        onOutcome: ({ outcome, operator, original }) => {
          if (outcome === 'killed') return;
          const what = operator === undefined ? '' : ` ${operator}: ${original}`;
          say(`  ${outcome.replace('_', ' ')}${what}`);
        },
      });
    } finally {
      // @spec DML-TRC-0906
      copy.remove();
    }
  });
  const counts = Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, rows.filter((row) => row.outcome === outcome).length]),
  );
  const red = rows.some(({ outcome }) => outcome !== 'killed' && outcome !== 'not_mutable');
  return {
    exitCode: red ? EXIT.red : EXIT.green,
    text: [
      what,
      '',
      ...table(rows),
      '',
      OUTCOMES.map((outcome) => `${counts[outcome]} ${outcome.replace('_', ' ')}`).join(', '),
    ].join('\n'),
    json: { ...choice, verified: verified.length, counts, rows },
  };
}

function chosenRequirements(
  root: string,
  records: readonly RequirementRecord[],
  choice: MutationChoice,
): RequirementRecord[] {
  const packageName = 'ids' in choice ? undefined : choice.packageName;
  const packages = new Set(records.map((record) => record.packageName));
  if (packageName !== undefined && !packages.has(packageName))
    throw new UsageError(`there is no package ${packageName}; the packages are ${[...packages].join(', ')}`);
  const byId = new Map(
    records
      .filter(({ state }) => state === 'verified')
      .filter((record) => packageName === undefined || record.packageName === packageName)
      .map((record) => [record.id, record]),
  );
  const chosen = chosenIds([...byId.keys()], choice);
  if (chosen.length === 0)
    throw new UsageError('no verified requirement is chosen: run `npm test` first, or choose others');
  return chosen.map((id) => {
    const record = byId.get(id);
    if (record !== undefined) return record;
    if (!records.some((known) => known.id === id)) throw unknownId(root, id);
    throw new UsageError(`${id} is not verified; only what a passing test cites can be tried`);
  });
}

function table(rows: readonly MutationRow[]): string[] {
  const lines = rows.map(({ id, outcome, operator, owner, original, tests }) => [
    id,
    outcome.replace('_', ' '),
    operator ?? '–',
    tests?.replace('_', ' ') ?? '–',
    owner,
    original === undefined ? '' : original.slice(0, 60),
  ]);
  const head = ['id', 'outcome', 'operator', 'tests', 'owner', 'broken code'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  return [head, ...lines].map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
