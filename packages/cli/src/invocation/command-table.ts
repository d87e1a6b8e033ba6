import type { CommandSpec } from './command.ts';
import { BUNDLES } from './command-table/bundles.ts';
import { CHANGE_REFS } from './command-table/change-refs.ts';
import { COMPARE_RUNS } from './command-table/compare-runs.ts';
import { EXCHANGE } from './command-table/exchange.ts';
import { EXPLAIN_CALLS } from './command-table/explain-calls.ts';
import { FEDERATION } from './command-table/federation.ts';
import { INSPECT } from './command-table/inspect.ts';
import { MAINTAIN } from './command-table/maintain.ts';
import { REMOTES } from './command-table/remotes.ts';
import { START_AND_RUN } from './command-table/start-and-run.ts';

/** Every command of `dml`, in the order in which help lists them. */
export const COMMANDS: readonly CommandSpec[] = [
  ...START_AND_RUN,
  ...INSPECT,
  ...EXPLAIN_CALLS,
  ...COMPARE_RUNS,
  ...CHANGE_REFS,
  ...REMOTES,
  ...EXCHANGE,
  ...FEDERATION,
  ...BUNDLES,
  ...MAINTAIN,
];
