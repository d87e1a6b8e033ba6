import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { findProgram } from '../process/find-program.ts';
import { AttemptLost } from './script-failure.ts';

/** Place of the working folder inside a sandbox. */
const INSIDE = '/work';
/** Parts of a system that hold programs and what they need; never data of users. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc', '/opt', '/nix/store'];

export interface SandboxRequest {
  /** Absolute path of the program. */
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly readable: readonly string[];
  /** Variable of the environment that the program does not see. */
  readonly hidden: string;
  readonly path: string;
}

export interface SandboxedCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** Descriptor on which `bwrap` says how the program ended, which is how it is known that it was started. */
const STATUS_DESCRIPTOR = 3;

/**
 * Returns the command that runs another one in a sandbox: no network, nothing of the machine but the read-only system and
 * the working folder, processes of its own.
 *
 * Throws a failure where there is no `bwrap`, or where the sandbox would not show the program.
 */
export function sandboxed({
  program,
  args,
  folder,
  readable,
  hidden,
  path,
}: SandboxRequest): SandboxedCommand {
  const bwrap = findProgram('bwrap', { path, folder: '/' });
  // @spec DML-EXE-3352
  if (!bwrap) {
    const how = 'apt-get install bubblewrap, dnf install bubblewrap or the like installs it';
    throw new AttemptLost(
      'sandbox_missing',
      `a sandbox needs the program bwrap, which no folder of PATH has; ${how}`,
    );
  }
  const system = SYSTEM.filter((place) => existsSync(place));
  const shown = [...system, ...readable];
  const real = realpathSync(program);
  const isShown = (place: string): boolean =>
    [...shown, folder].some((each) => place === each || place.startsWith(`${each}/`));
  if (!isShown(real) || !isShown(program)) {
    const reason = `"${program}" is outside of the system, so a sandbox does not show it`;
    throw new AttemptLost(
      'program_missing',
      `${reason}; name its folder: sandbox: { readable: ['${dirname(real)}'] }`,
    );
  }
  const inside = program.startsWith(`${folder}/`) ? `${INSIDE}${program.slice(folder.length)}` : program;
  return {
    program: bwrap,
    args: [
      'bwrap',
      // @spec DML-EXE-3350
      '--unshare-all',
      '--die-with-parent',
      '--new-session',
      '--cap-drop',
      'ALL',
      '--json-status-fd',
      String(STATUS_DESCRIPTOR),
      // @spec DML-EXE-3351
      ...system.flatMap(bound),
      '--proc',
      '/proc',
      '--dev',
      '/dev',
      '--tmpfs',
      '/tmp',
      ...readable.flatMap((place) => ['--ro-bind', place, place]),
      '--bind',
      folder,
      INSIDE,
      '--chdir',
      INSIDE,
      '--setenv',
      'HOME',
      INSIDE,
      '--setenv',
      'TMPDIR',
      '/tmp',
      '--unsetenv',
      hidden,
      '--',
      inside,
      ...args.slice(1),
    ],
  };
}

/** Shows a part of the system as it is: a link as a link, anything else read-only. */
function bound(place: string): string[] {
  return lstatSync(place).isSymbolicLink()
    ? ['--symlink', readlinkSync(place), place]
    : ['--ro-bind', place, place];
}
