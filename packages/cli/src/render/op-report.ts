import type { OpReport, TargetReport } from '@daggerml/bindings';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import { formatColumns } from './columns.ts';
import type { Output } from './output.ts';
import { formatCount } from './quantities.ts';

/** Targets that are listed to people. */
const MAX_LISTED = 20;

/** Returns a run of ops as `--json` prints it. */
export function opDocument({
  targets,
  isActive,
  isDry,
  ...report
}: OpReport): Readonly<Record<string, unknown>> {
  return {
    ...report,
    active: isActive,
    dryRun: isDry === true,
    counts: countsOf(targets.values()),
    targets: Array.from(targets, ([target, state]) => ({ target, ...state })),
  };
}

/** Prints a run of ops: its outcome, the targets that are not done, and how many there are of each state. */
export function printOps(report: OpReport, output: Output): void {
  output.result(opDocument(report), () => describeOps(report, output));
}

/** Returns the lines that describe a run of ops. */
export function describeOps(report: OpReport, output: Output): string[] {
  const { name, run, outcome, isActive, isDry, targets, commitId } = report;
  const state = outcome ?? (isActive ? 'running' : 'interrupted');
  const open = [...targets].filter(([, { state: each }]) => each !== 'OK' && each !== 'PENDING');
  const more = open.length - MAX_LISTED;
  const counts = Object.entries(countsOf(targets.values()));
  return [
    `${output.style('bold', output.safe(name))}  ${isDry ? 'dry run' : `run ${run.slice(0, 8)}`}  ${state}`,
    formatColumns(
      open.slice(0, MAX_LISTED).map(([target, each]) => {
        const { state: targetState, reason = '' } = each;
        return [`  ${targetState}`, output.safe(target), placeOf(each), output.safe(reason)];
      }),
    ),
    more > 0 ? `  and ${more} more, which --json lists` : '',
    `${formatCount(targets.size, 'target')}: ${counts.map(([each, count]) => `${count} ${each}`).join(', ')}`,
    commitId ? `committed ${output.safe(name)} as ${output.shortId(commitId)}` : '',
    outcome || isActive ? '' : `"dml op resume ${name}" goes on with it, "dml op cancel ${name}" ends it`,
  ].filter((line) => line !== '');
}

/** Returns where the ops on a target are. */
export function placeOf({ op = '', phase, attempt = 1, doubtful }: TargetReport): string {
  const place = `${op} ${phase ?? ''}${attempt > 1 ? `, attempt ${attempt}` : ''}`;
  return doubtful ? `${place} (doubtful)` : place;
}

/** Counts the targets of each state. */
function countsOf(targets: Iterable<TargetReport>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of targets) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** Returns the exit code of a run of ops: only one that is complete has done what was asked. */
export function exitOfOps({ outcome }: OpReport): ExitCode {
  // @spec DML-CLI-1823
  return outcome === 'COMPLETE' ? EXIT.done : EXIT.callFailed;
}
