/** Has the operating system refuse one call that a command makes on a file of the store. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

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
export function runDml(program, { folder, args, before = [] }) {
  const [command, ...rest] = [...before, process.execPath, program, '--json', ...args];
  const options = { cwd: folder, encoding: 'utf8', timeout: TIMEOUT_MS, killSignal: 'SIGKILL' };
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

/** Returns what refuses calls: strace, which counts each name and file apart, says what was called and how it ended. */
export function byStrace(program) {
  return (folder, args, refused) => {
    const log = join(folder, 'calls.log');
    const files = refused === undefined ? FILES : [refused.file];
    const paths = waysTo(folder, files).flatMap((path) => ['-P', path]);
    const names = refused === undefined ? Object.values(CALLS).flat() : [refused.name];
    const inject = refused && ['-e', `inject=${refused.name}:error=${refused.errno}:when=${refused.nth}`];
    const options = ['-f', '-qq', '-y', ...paths, '-e', `trace=${names.join(',')}`, ...(inject ?? [])];
    const ended = runDml(program, { folder, args, before: ['strace', ...options, '-o', log] });
    const calls = readFileSync(log, 'utf8')
      .split('\n')
      .flatMap((line) => parseTraced(line) ?? []);
    return { ...ended, calls, refusedCall: calls.find(({ line }) => line.includes('(INJECTED)')) };
  };
}
