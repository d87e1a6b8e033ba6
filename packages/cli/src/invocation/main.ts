import type { CliIo, GlobalOptions } from '../process/cli-io.ts';
import { mayBeReplaced } from '../process/not-utf8.ts';
import { isTooManyFiles, reportTooManyFiles } from '../process/too-many-files.ts';
import type { CliErrorCode } from '../wording/cli-error.ts';
import { EXIT } from './exit-code.ts';
import { type Invocation, type Misuse, parseInvocation } from './program.ts';

/** Runs `dml` with the arguments after its name and returns the exit code; nothing is thrown. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  let look = lookOf(argv);
  try {
    if (argv.some(mayBeReplaced)) await refuseUndecodable(argv);
    const invocation = parseInvocation(argv);
    if (invocation.kind === 'command') look = invocation.globals;
    return await carryOut(invocation, io, look);
  } catch (error) {
    return await report(error, io, look);
  }
}

/** Reports a failure of the process around a command and returns the exit code. */
export async function reportFailure(
  code: CliErrorCode,
  fields: Readonly<Record<string, string>>,
  argv: readonly string[],
  io: CliIo,
): Promise<number> {
  const { cliError } = await import('../wording/cli-error.ts');
  return await report(cliError(code, fields), io, lookOf(argv));
}

/** Reports a warning of the runtime, such as one that a pipeline emits. */
export async function reportWarning(warning: Error, argv: readonly string[], io: CliIo): Promise<void> {
  const [{ Output }, { printable }] = await Promise.all([
    import('../render/output.ts'),
    import('../render/printable.ts'),
  ]);
  new Output(io, lookOf(argv)).note(printable(`warning: ${warning.name}: ${warning.message}`));
}

/** Reports an error that nothing caught and returns the exit code. */
export async function reportDefect(error: unknown, argv: readonly string[], io: CliIo): Promise<number> {
  return await report(error, io, lookOf(argv));
}

/** @spec DML-CLI-2902 */
async function refuseUndecodable(argv: readonly string[]): Promise<never> {
  const { cliError } = await import('../wording/cli-error.ts');
  const at = argv.findIndex(mayBeReplaced);
  throw cliError('invalid_argument', { place: at + 1, word: argv[at] ?? '' }, undefined, 'not_utf8');
}

async function refuseMisuse({ known = [], ...misuse }: Misuse): Promise<never> {
  const [{ nearest }, { cliError }] = await Promise.all([
    import('@daggerml/repository'),
    import('../wording/cli-error.ts'),
  ]);
  const { code, command, word = '', problem = '', meant } = misuse;
  if (meant !== undefined) throw cliError(code, { word, problem, meant, command }, undefined, 'meant');
  // @spec DML-CLI-0302
  throw cliError(code, { word, problem, nearest: nearest(word, known), command });
}

async function report(error: unknown, io: CliIo, look: GlobalOptions): Promise<number> {
  try {
    // Loaded when needed: what knows every error also loads the object model.
    const { reportError } = await import('../wording/error-report.ts');
    const { Output } = await import('../render/output.ts');
    return reportError(error, io, new Output(io, look));
  } catch (failure) {
    if (isTooManyFiles(error) || isTooManyFiles(failure)) return reportTooManyFiles(io.stderr, look.json);
    throw failure;
  }
}

/** Returns the options that decide the form of an error, also for arguments that do not parse. */
function lookOf(argv: readonly string[]): GlobalOptions {
  return {
    json: argv.includes('--json'),
    quiet: argv.includes('--quiet'),
    color: !argv.includes('--no-color'),
  };
}

async function carryOut(invocation: Invocation, io: CliIo, look: GlobalOptions): Promise<number> {
  if (invocation.kind === 'help') {
    io.stdout.write(invocation.text);
    return EXIT.done;
  }
  if (invocation.kind === 'version') {
    const { programVersion } = await import('../process/program-version.ts');
    const version = programVersion();
    io.stdout.write(`${look.json ? JSON.stringify({ version }, undefined, 2) : version}\n`);
    return EXIT.done;
  }
  if (invocation.kind === 'misuse') return await refuseMisuse(invocation.misuse);
  const { command, globals, args, options } = invocation;
  const [{ run }, { Output }] = await Promise.all([command.load(), import('../render/output.ts')]);
  const exit: unknown = await run({ io, globals, output: new Output(io, globals), args, options });
  return typeof exit === 'number' ? exit : EXIT.done;
}
