import { readIndexes } from './command-show.ts';
import { countStates } from './compliance.ts';
import { type Answer, EXIT } from './output.ts';
import { type RequirementState, STATES } from './requirement-index.ts';

const NOT_VERIFIED: readonly RequirementState[] = ['open', 'suspect', 'exception'];

/** Lists what is recorded as not verified; planned requirements only on demand. */
export function open(root: string, withPlanned: boolean): Answer {
  const all = readIndexes(root).flatMap(({ rows }) => rows);
  // @spec DML-TRC-0803
  const wanted = withPlanned ? [...NOT_VERIFIED, 'planned'] : NOT_VERIFIED;
  const rows = all.filter(({ state }) => wanted.includes(state));
  const lines = rows.map(({ id, level, state, milestone }) =>
    [id, level.padEnd(10), milestone === undefined ? state : `${state} for ${milestone}`].join(' '),
  );
  const count = (state: RequirementState): number => all.filter((row) => row.state === state).length;
  // @spec DML-TRC-0917
  const counts = [...NOT_VERIFIED, 'planned' as const].map((state) => `${count(state)} ${state}`).join(', ');
  const hint = withPlanned || count('planned') === 0 ? '' : '; --planned lists these too';
  return {
    exitCode: EXIT.green,
    text: [...lines, `${counts}${hint}`].join('\n'),
    json: { requirements: rows },
  };
}

/** Counts the recorded requirements by package and state. */
export function summary(root: string): Answer {
  const packages = readIndexes(root).map(({ packageName, rows }) => ({
    packageName,
    total: rows.length,
    // @spec DML-TRC-0806
    counts: countStates(rows),
  }));
  const width = Math.max(7, ...packages.map(({ packageName }) => packageName.length));
  const line = (name: string, cells: readonly (string | number)[]): string =>
    [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(9))].join(' ').trimEnd();
  return {
    exitCode: EXIT.green,
    text: [
      line('package', ['total', ...STATES]),
      ...packages.map(({ packageName, total, counts }) => line(packageName, [total, ...counts])),
    ].join('\n'),
    json: {
      packages: packages.map(({ packageName, total, counts }) => ({
        package: packageName,
        total,
        states: Object.fromEntries(STATES.map((state, index) => [state, counts[index] ?? 0])),
      })),
    },
  };
}
