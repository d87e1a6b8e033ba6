import { readIndexes, unknownId } from '../command-show.ts';
import { type Answer, EXIT, UsageError } from '../output.ts';
import type { IndexedRequirement } from '../requirement-index.ts';
import { type CitingRunner, runWithVitest } from './citing-run.ts';
import { withInterrupt } from './interrupt.ts';
import { type MutationOutcome, type MutationRow, runMutation } from './mutation-run.ts';
import { chosenIds, type MutationChoice } from './sample.ts';
import { createScratchCopy } from './scratch-copy.ts';

/** What to mutate. */
export interface MutateRequest {
  readonly root: string;
  readonly packageName: string;
  readonly choice: MutationChoice;
  /** Told what happens while it takes long. */
  say(text: string): void;
  /** Runs citing tests; vitest unless a test supplies another. */
  readonly runTests?: CitingRunner;
  /** How long the tests of one requirement may take before their mutant counts as killed. */
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

/** Breaks a sample of the verified requirements of a package in a scratch copy and reports who noticed. */
export async function mutate(request: MutateRequest): Promise<Answer> {
  const { root, packageName, choice, say } = request;
  const verified = verifiedRequirements(root, packageName);
  const sample = chosenRequirements(request, verified);
  const what = `${sample.length} of ${verified.size} verified requirements${described(choice)}`;
  say(`${packageName}: trying ${what} …`);
  const rows = await withInterrupt(async (signal) => {
    const copy = createScratchCopy(root);
    try {
      return await runMutation({
        folder: copy.folder,
        sample,
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
      `${packageName}: ${what}`,
      '',
      ...table(rows),
      '',
      OUTCOMES.map((outcome) => `${counts[outcome]} ${outcome.replace('_', ' ')}`).join(', '),
    ].join('\n'),
    json: { package: packageName, ...choice, verified: verified.size, counts, rows },
  };
}

function verifiedRequirements(root: string, packageName: string): ReadonlyMap<string, IndexedRequirement> {
  const index = readIndexes(root).find((candidate) => candidate.packageName === packageName);
  if (index === undefined) {
    const known = readIndexes(root)
      .map((candidate) => candidate.packageName)
      .join(', ');
    throw new UsageError(`no index of a package ${packageName}; the packages are ${known}`);
  }
  return new Map(
    index.requirements.filter(({ state }) => state === 'verified').map((record) => [record.id, record]),
  );
}

function chosenRequirements(
  { root, packageName, choice }: MutateRequest,
  verified: ReadonlyMap<string, IndexedRequirement>,
): IndexedRequirement[] {
  const chosen = chosenIds([...verified.keys()], choice).map((id) => verified.get(id) ?? id);
  if (chosen.length === 0)
    throw new UsageError(`no verified requirement of ${packageName}${described(choice)}`);
  return chosen.map((record) => {
    if (typeof record !== 'string') return record;
    const home = readIndexes(root).find(({ requirements }) => requirements.some(({ id }) => id === record));
    if (home === undefined) throw unknownId(root, record);
    if (home.packageName !== packageName) throw new UsageError(`${record} is none of ${packageName}`);
    throw new UsageError(`${record} is not verified; only what a passing test cites can be tried`);
  });
}

function described(choice: MutationChoice): string {
  if ('ids' in choice) return '';
  const from = choice.from === undefined ? '' : ` from ${choice.from} on`;
  return `${from}, seed ${choice.seed}`;
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
