import type { ExecutableFinding } from '@daggerml/execution/testing';
import type { CheckPart, CheckReport, PartReport } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { isPlace, uriOfPlace } from '../process/named-place.ts';
import { remoteSurroundings, requireAdapter } from '../process/remote-adapters.ts';
import { noteChecked, type RemoteSession, withFiles, withRemote } from '../process/remote-session.ts';
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

/** Findings about the executable of a remote. */
interface CheckedAdapter {
  readonly name: string;
  readonly path: string;
  readonly findings: readonly ExecutableFinding[];
}

/** A remote that is checked. */
type Checked = Pick<RemoteSession, 'uri' | 'remote'> & { readonly name: string | null };

/** Limits of a check of an executable, which does not wait as long as other commands do. */
const LIMITS = { describeMs: 10_000 };

/** Runs `dml remote check [remote]`. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const [given] = context.args;
  // @spec DML-REM-0667
  if (given === undefined || !isPlace(given))
    return await withRemote(context, given, (session) =>
      check(context, session, async (report) => {
        // What was never noted need not be taken back.
        if (report.verdict !== 'unsafe' || session.checked !== undefined)
          await noteChecked(context, session, report);
      }),
    );
  const uri = await uriOfPlace(context, given);
  return await withFiles(context, uri, (remote) => check(context, { name: null, uri, remote }));
}

async function check(
  context: CommandContext,
  checked: Checked,
  note: (report: CheckReport) => Promise<void> = async () => {},
): Promise<ExitCode> {
  const { output, io } = context;
  const seconds = positiveInteger(context, 'limit', 'remote check');
  const { checkRemote, readSnapshot } = await import('@daggerml/remotes');
  const adapter = await checkAdapter(checked.uri, io.env);
  const broken = adapter?.findings.filter(({ problem }) => problem !== undefined) ?? [];
  if (adapter !== undefined && broken.length > 0) {
    // What it says of files is worth nothing then. @spec DML-REM-0668
    const summary = `"${adapter.name}" breaks the protocol of Remote Adapters`;
    printReport(output, checked, { verdict: 'unsafe', summary, parts: [], leftPaths: [] }, adapter);
    // @spec DML-REM-0670
    return EXIT.unsafe;
  }
  // Nothing is written where files of something else lie. @spec DML-CLI-2162
  await readSnapshot(checked.remote.files);
  const report = await checkRemote(checked.remote, {
    ...(seconds !== undefined && { limitMs: seconds * 1000 }),
    onProgress: (part) => output.live([`  checking: ${PARTS[part]}`]),
  });
  output.live();
  printReport(output, checked, report, adapter);
  await note(report);
  // @spec DML-CLI-2161
  return report.verdict === 'unsafe' ? EXIT.unsafe : EXIT.done;
}

/** Judges the executable of a remote; undefined for an adapter of the box. */
async function checkAdapter(
  uri: string,
  env: CommandContext['io']['env'],
): Promise<CheckedAdapter | undefined> {
  const { adapterOf } = await import('@daggerml/remotes');
  const adapterName = adapterOf(uri);
  if (adapterName === undefined) return undefined;
  await requireAdapter(uri, env);
  const { findRemoteExecutable } = await import('@daggerml/execution');
  const { checkRemoteAdapter } = await import('@daggerml/execution/testing');
  const { environment, searchPath } = remoteSurroundings(env);
  const program = findRemoteExecutable(adapterName, searchPath) as string;
  const findings = await checkRemoteAdapter({ adapterName, program, environment, limits: LIMITS });
  return { name: `dml-remote-${adapterName}`, path: program, findings };
}

function printReport(
  output: Output,
  { name, uri }: Checked,
  report: CheckReport,
  adapter: CheckedAdapter | undefined,
): void {
  // @spec DML-CLI-1102
  const parts = report.parts.map(({ cause: _cause, ...part }) => part);
  const facts = { remote: name, uri, ...report, parts, ...(adapter && { adapter }) };
  output.result(facts, () => [
    formatColumns([
      ...(adapter?.findings ?? []).map((finding) => findingLine(output, finding)),
      ...report.parts.map((part) => partLine(output, part)),
    ]),
    `${output.safe(name ?? uri)} is ${report.verdict}: ${output.safe(conclusionOf(report))}`,
  ]);
}

/** Returns the conclusion of a report whose parts stand above. @spec DML-CLI-3803 */
function conclusionOf({ verdict, summary, parts }: CheckReport): string {
  if (verdict === 'safe' || parts.length === 0) return summary;
  return verdict === 'unsafe'
    ? 'do not use it, for the reasons above'
    : 'no write to it is lost; the lines above say what is not as it should be';
}

function findingLine(output: Output, { promise, problem }: ExecutableFinding): string[] {
  const mark = problem === undefined ? 'passed' : 'failed';
  const text = problem === undefined ? promise : `${promise}: ${problem}`;
  return [output.style(mark === 'passed' ? 'green' : 'red', MARKS[mark]), 'protocol', output.safe(text)];
}

function partLine(output: Output, { part, result, finding }: PartReport): string[] {
  const colour = result === 'passed' ? 'green' : result === 'failed' ? 'red' : 'yellow';
  return [output.style(colour, MARKS[result]), PARTS[part], output.safe(finding)];
}
