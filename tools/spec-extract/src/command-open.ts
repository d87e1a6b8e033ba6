import { readIndexes } from './command-show.ts';
import { type Answer, EXIT } from './output.ts';
import type { RequirementState } from './requirement-index.ts';

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
