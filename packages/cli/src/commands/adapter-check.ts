import { listExecutables } from '@daggerml/execution';
import { checkExecutable, type ExampleCall } from '@daggerml/execution/testing';
import { repositoryError } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import { adapterSurroundings } from '../process/adapter-surroundings.ts';
import { cliError } from '../wording/cli-error.ts';

/** Limits of a check, which does not wait as long as a run does. */
const LIMITS = { describeMs: 10_000 };

/** Runs `dml adapter check <name>`. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const { io, args, output } = context;
  const name = args[0] as string;
  const example = exampleOf(context);
  const checked = await checkExecutable({ name, ...adapterSurroundings(io.env), example, limits: LIMITS });
  // @spec DML-CLI-1954
  if (!checked)
    throw repositoryError('adapter_unknown', { uri: `dml+exec://${name}`, known: knownNames(io.env) });
  const { program, findings } = checked;
  const isFine = findings.every(({ problem }) => problem === undefined);
  // @spec DML-CLI-1952
  output.result({ name, path: program, findings }, () => [
    ...findings.map(({ promise, problem }) =>
      problem === undefined ? `  ok      ${promise}` : `  broken  ${promise}: ${output.safe(problem)}`,
    ),
    isFine ? `${name} keeps its contract` : `${name} breaks its contract`,
  ]);
  // @spec DML-CLI-1953
  return isFine ? EXIT.done : EXIT.refused;
}

function knownNames(env: CommandContext['io']['env']): readonly string[] {
  return [...listExecutables(env.PATH ?? '').keys()];
}

function exampleOf({ options }: CommandContext): ExampleCall | undefined {
  if (options.call === undefined) return undefined;
  let inputs: unknown;
  try {
    inputs = JSON.parse(String(options.inputs ?? '[]'));
  } catch {
    inputs = undefined;
  }
  if (Array.isArray(inputs)) return { functionUri: String(options.call), inputs };
  const problem = `--inputs takes a list as JSON; "${options.inputs}" is none`;
  throw cliError('invalid_argument', { problem, command: 'adapter check' });
}
