/** Ways to have the operating system refuse one call that a command makes on a file of the store. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { root as repositoryRoot } from '../../tools/run/workspace.mjs';

const FILES = ['data.mdb', 'lock.mdb'];
const TIMEOUT_MS = 300_000;

/** Kinds of calls, with the names that they have for the kernel. */
const CALLS = {
  open: ['openat'],
  mmap: ['mmap'],
  fcntl: ['fcntl'],
  lseek: ['lseek'],
  ftruncate: ['ftruncate'],
  pread: ['pread64'],
  pwrite: ['pwrite64', 'writev', 'pwritev'],
  fdatasync: ['fdatasync', 'fsync'],
  fstat: ['fstat', 'newfstatat', 'statx'],
};

/** Runs `dml` to its end; `before` is what starts it. */
export function runDml(program, { folder, args, before = [], env = process.env }) {
  const [command, ...rest] = [...before, process.execPath, program, '--json', ...args];
  const options = { cwd: folder, encoding: 'utf8', env, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' };
  return spawnSync(command, rest, options);
}

export function canTrace() {
  const args = ['-f', '-e', 'inject=getpid:error=EIO:when=9', 'true'];
  return spawnSync('strace', args, { stdio: 'ignore' }).status === 0;
}

/** Parses a line of the trace into one call on a file of the store: its kind, the file and the line. */
function parseTraced(line) {
  const name = /^\d+ +(\w+)\(/.exec(line)?.[1];
  const call = Object.keys(CALLS).find((kind) => CALLS[kind].includes(name));
  const file = FILES.find((each) => line.includes(`/${each}"`) || line.includes(`/${each}>`));
  return call === undefined || file === undefined ? undefined : { call, file, name, line };
}

/** Descriptors of folders through which a process reaches the files of a store. */
const FOLDER_DESCRIPTORS = Array.from({ length: 80 }, (_, index) => index + 3);

/** Returns the paths by which a process may name files of a store. */
function waysTo(folder, files) {
  return files.flatMap((file) => [
    join(folder, '.dml/store', file),
    ...FOLDER_DESCRIPTORS.map((descriptor) => `/proc/self/fd/${descriptor}/${file}`),
  ]);
}

/** Refuses calls by strace, which counts each name and file apart; yields what was called and how it ended. */
export function byStrace(program) {
  return (folder, args, refused) => {
    const log = join(folder, 'calls.log');
    const files = refused === undefined ? FILES : [refused.file];
    const paths = waysTo(folder, files).flatMap((path) => ['-P', path]);
    const names = refused === undefined ? Object.values(CALLS).flat() : [refused.name];
    const inject = refused && [
      '-e',
      `inject=${refused.name}:error=${refused.errno}:when=${refused.nthOfName}`,
    ];
    const options = ['-f', '-qq', '-y', ...paths, '-e', `trace=${names.join(',')}`, ...(inject ?? [])];
    const ended = runDml(program, { folder, args, before: ['strace', ...options, '-o', log] });
    const calls = readFileSync(log, 'utf8')
      .split('\n')
      .flatMap((line) => parseTraced(line) ?? []);
    return { ...ended, calls, refusedCall: calls.find(({ line }) => line.includes('(INJECTED)')) };
  };
}

/** Refuses calls by a library that is loaded first; `folder` is where it is compiled. */
export function byShim(program, folder) {
  const library = compileShim(folder);
  return (project, args, refused = { call: '', file: '', nth: 0, errno: 'EIO' }) => {
    const log = join(project, 'calls.log');
    rmSync(log, { force: true });
    const env = {
      ...process.env,
      LD_PRELOAD: library,
      DML_CALL: refused.call,
      DML_CALL_FILE: refused.file,
      DML_CALL_NTH: `${refused.nth}`,
      DML_CALL_ERRNO: `${constants.errno[refused.errno]}`,
      DML_CALL_LOG: log,
    };
    const ended = runDml(program, { folder: project, args, env });
    const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
    const calls = lines.map((line) => {
      const [call, file] = line.split(' ');
      return { call, file, name: call, line };
    });
    return { ...ended, calls, refusedCall: calls.find(({ line }) => line.endsWith('refused')) };
  };
}

function compileShim(folder) {
  const library = join(folder, 'call-shim.so');
  const source = join(repositoryRoot, 'ci/faults/call-shim.c');
  const args = ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, source, '-ldl'];
  if (spawnSync('cc', args, { stdio: 'inherit' }).status !== 0)
    throw new Error('the shim does not compile: is a C compiler (cc) installed?');
  return library;
}
