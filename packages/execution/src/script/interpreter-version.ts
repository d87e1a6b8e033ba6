import { execFile } from 'node:child_process';
import { basename } from 'node:path';

/** Programs that only print their version when they are asked to; any other one might do its work. */
const ASKABLE = /^(python|pypy|node|deno|bun|ruby|perl|php|lua|julia|Rscript|bash|zsh|gawk)[0-9.]*$/;
const LIMIT_MS = 5_000;

/** The versions of interpreters, each asked for once. */
export class InterpreterVersions {
  readonly #known = new Map<string, Promise<string>>();

  /** Returns the name of a program, with its version where it is an interpreter that says it. */
  of(program: string, path: string): Promise<string> {
    let version = this.#known.get(program);
    if (!version) {
      version = nameAndVersion(program, path);
      this.#known.set(program, version);
    }
    return version;
  }
}

function nameAndVersion(program: string, path: string): Promise<string> {
  const name = basename(program);
  if (!ASKABLE.test(name)) return Promise.resolve(name);
  return new Promise((resolve) => {
    const options = { env: { PATH: path }, cwd: '/', timeout: LIMIT_MS, killSignal: 'SIGKILL' as const };
    execFile(program, ['--version'], options, (_, stdout, stderr) => {
      const version = /\d+(\.\d+)+/.exec(`${stdout}\n${stderr}`)?.[0];
      resolve(version === undefined ? name : `${name} ${version}`);
    });
  });
}
