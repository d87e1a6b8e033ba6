import { readIndexes } from './command-show.ts';
import { countStates, describeState } from './compliance.ts';
import { type Answer, EXIT } from './output.ts';
import { type RequirementState, STATES } from './requirement-index.ts';

/** Lists what is recorded as not verified; planned requirements only on demand. */
export function open(root: string, withPlanned: boolean): Answer {
  // @spec DML-TRC-0803
  const wanted: RequirementState[] = [
    'open',
    'suspect',
    'exception',
    ...(withPlanned ? (['planned'] as const) : []),
  ];
  const entries = readIndexes(root).flatMap(({ document, requirements }) =>
    requirements.filter(({ state }) => wanted.includes(state)).map((entry) => ({ document, ...entry })),
  );
  const lines = entries.map((entry) => {
    const lacks =
      entry.state === 'open'
        ? `: ${whatIsMissing(
            entry.owners.length,
            entry.tests.map(({ state }) => state),
          )}`
        : '';
    return `${entry.id} ${entry.level.padEnd(10)} ${describeState(entry)}${lacks}`;
  });
  const count = entries.length === 1 ? '1 requirement is' : `${entries.length} requirements are`;
  return {
    exitCode: EXIT.green,
    text: [...lines, `${count} not verified`].join('\n'),
    json: { requirements: entries },
  };
}

/** Counts the recorded requirements by package and state. */
export function summary(root: string): Answer {
  const rows = readIndexes(root).map(({ packageName, requirements }) => ({
    packageName,
    total: requirements.length,
    // @spec DML-TRC-0806
    counts: countStates(requirements),
  }));
  const width = Math.max(7, ...rows.map(({ packageName }) => packageName.length));
  const line = (name: string, cells: readonly (string | number)[]): string =>
    [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(9))].join(' ').trimEnd();
  return {
    exitCode: EXIT.green,
    text: [
      line('package', ['total', ...STATES]),
      ...rows.map(({ packageName, total, counts }) => line(packageName, [total, ...counts])),
    ].join('\n'),
    json: {
      packages: rows.map(({ packageName, total, counts }) => ({
        package: packageName,
        total,
        states: Object.fromEntries(STATES.map((state, index) => [state, counts[index] ?? 0])),
      })),
    },
  };
}

function whatIsMissing(ownerCount: number, tests: readonly string[]): string {
  const owner = ownerCount === 1 ? [] : [ownerCount === 0 ? 'no owner' : `${ownerCount} owners`];
  const bad = tests.find((state) => state === 'failed') ?? (tests.includes('passed') ? undefined : tests[0]);
  const test =
    tests.length === 0
      ? ['no citing test']
      : bad === undefined
        ? []
        : [`citing test ${bad.replace('_', ' ')}`];
  return [...owner, ...test].join(', ');
}
