import type { CliIo } from './cli-io.ts';
import { reportError } from './error-report.ts';
import { EXIT } from './exit-code.ts';
import { Output } from './output.ts';
import { type Invocation, parseInvocation } from './program.ts';

/** Runs `dml` with the arguments after its name and yields the exit code; nothing is thrown. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  // What decides how an error looks must be known also when the arguments do not parse.
  const fallback = { json: argv.includes('--json'), quiet: false, color: !argv.includes('--no-color') };
  let output = new Output(io, fallback);
  try {
    const invocation = parseInvocation(argv);
    if (invocation.kind === 'command') output = new Output(io, invocation.globals);
    return await carryOut(invocation, io, output);
  } catch (error) {
    return reportError(error, io, output);
  }
}

async function carryOut(invocation: Invocation, io: CliIo, output: Output): Promise<number> {
  if (invocation.kind === 'help') {
    io.stdout.write(invocation.text);
    return EXIT.done;
  }
  if (invocation.kind === 'version') {
    const { programVersion } = await import('./program-version.ts');
    output.result({ version: programVersion() }, programVersion);
    return EXIT.done;
  }
  const { command, globals, args, options } = invocation;
  const { run } = await command.load();
  return await run({ io, globals, output, args, options });
}
