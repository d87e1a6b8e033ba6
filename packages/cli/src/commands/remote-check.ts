import type { CheckPart, CheckReport, PartReport } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { noteChecked, type RemoteSession, withRemote } from '../process/remote-session.ts';
import { formatColumns } from '../render/columns.ts';
import type { Output } from '../render/output.ts';

/** Subject of each part of a check, as people read it. */
const PARTS: Readonly<Record<CheckPart, string>> = {
  conditions: 'conditional writes',
  'read-back': 'reads after writes',
  'list-back': 'listings after writes',
  'create-race': 'race to create a file',
  'replace-race': 'race to replace a file',
  counter: 'counter of 8 writers',
  clock: 'clock',
  'clean-up': 'clean-up',
};
const MARKS = { passed: '✓', failed: '✗', 'not-proven': '?' } as const;

/** Runs `dml remote check [remote]`. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const { output, args } = context;
  const seconds = positiveInteger(context, 'limit', 'remote check');
  const { checkRemote, readSnapshot } = await import('@daggerml/remotes');
  return await withRemote(context, args[0], async (session) => {
    // Nothing is written where files of something else lie. @spec DML-CLI-2162
    await readSnapshot(session.remote.files);
    const report = await checkRemote(session.remote, {
      ...(seconds !== undefined && { limitMs: seconds * 1000 }),
      onProgress: (part) => output.live([`  checking: ${PARTS[part]}`]),
    });
    output.live();
    printReport(output, session, report);
    // What was never noted need not be taken back.
    if (report.verdict !== 'unsafe' || session.checked !== undefined)
      await noteChecked(context, session, report);
    // @spec DML-CLI-2161
    return report.verdict === 'unsafe' ? EXIT.unsafe : EXIT.done;
  });
}

function printReport(output: Output, { name, uri }: RemoteSession, report: CheckReport): void {
  // @spec DML-CLI-1102
  const parts = report.parts.map(({ cause: _cause, ...part }) => part);
  output.result({ remote: name, uri, ...report, parts }, () => [
    formatColumns(report.parts.map((part) => partLine(output, part))),
    `${output.safe(name)} is ${report.verdict}: ${output.safe(report.summary)}`,
  ]);
}

function partLine(output: Output, { part, result, finding }: PartReport): string[] {
  const colour = result === 'passed' ? 'green' : result === 'failed' ? 'red' : 'yellow';
  return [output.style(colour, MARKS[result]), PARTS[part], output.safe(finding)];
}
