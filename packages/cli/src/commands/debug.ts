import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { type LaidOutCall, layOutCall } from '@daggerml/execution';
import { findCalls, findNamed, shortId } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import { withStore } from '../invocation/repository-access.ts';
import { absolutePath, knownFolder } from '../process/current-folder.ts';
import { errnoOf } from '../process/errno.ts';
import { passedVariables } from '../process/passed-variables.ts';
import { noteShadowedDag } from '../render/shadowed-dag.ts';
import { cliError } from '../wording/cli-error.ts';
import { shellWord } from '../wording/wording.ts';

/** Runs `dml debug <call> [folder]`. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const { io, args, options, output } = context;
  const name = args[0] as string;
  const env = passedVariables(context, 'debug');
  const laidOut = await withStore(context, 'content', async (reader, store) => {
    const found = findNamed(reader, name);
    noteShadowedDag(output, name, found);
    const calls = findCalls(reader, name, found);
    const [call] = calls;
    // @spec DML-CLI-1881
    if (call === undefined || found.class === 'dag' || found.class === 'commit')
      throw cliError('invalid_argument', {
        problem: `"${name}" names a ${found.class} and not one call; "dml show ${name}" lists its calls`,
        command: 'debug',
      });
    const folder = absolutePath(io, args[1] ?? `debug-${shortId(call.nodeId)}`);
    // @spec DML-CLI-1882
    if (existsSync(folder)) throw cliError('path_exists', { path: folder }, undefined, 'debug');
    try {
      return await layOutCall(store, { execId: call.execId, text: call.text, folder });
    } catch (cause) {
      if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
      throw cliError('unwritable_path', { path: folder, errno: errnoOf(cause) }, cause);
    }
  });
  const { folder, command, sources } = laidOut;
  const shown = relative(knownFolder(io) ?? '/', folder) || folder;
  if (options.run !== true) {
    // @spec DML-CLI-1880
    output.result({ folder, command, sources }, () => [
      `laid out ${output.safe(shown)}`,
      `run it with: cd ${output.safe(shellWord(shown))} && ${command.join(' ')}`,
    ]);
    return EXIT.done;
  }
  output.note(`running ${command.join(' ')} in ${output.safe(shown)}`);
  // @spec DML-CLI-1883
  const exitCode = await runIn(laidOut, {
    env,
    path: io.env.PATH,
    isQuiet: context.globals.json,
    signal: io.signal,
  });
  output.result({ folder, command, sources, exitCode }, () => []);
  return exitCode === 0 ? EXIT.done : EXIT.callFailed;
}

interface RunningOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly path: string | undefined;
  /** True when what it prints does not go to standard output, where the document goes. */
  readonly isQuiet: boolean;
  readonly signal: AbortSignal;
}

/** Makes a call that was laid out and returns the exit code of its program; 1 where a signal ended it. */
function runIn(
  { folder, command }: LaidOutCall,
  { env, path, isQuiet, signal }: RunningOptions,
): Promise<number> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program === 'node' ? process.execPath : program, args, {
      cwd: folder,
      env: { ...(path !== undefined && { PATH: path }), ...env },
      stdio: ['inherit', isQuiet ? 2 : 'inherit', 'inherit'],
    });
    const end = (): void => void child.kill('SIGTERM');
    signal.addEventListener('abort', end, { once: true });
    child.on('error', reject);
    child.on('exit', (code) => {
      signal.removeEventListener('abort', end);
      resolve(code ?? 1);
    });
  });
}
