/** A repository, what its user keeps elsewhere, and ways to run dml on both. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PIPELINE = `import { blob, definePipeline, functions } from '@daggerml/bindings';
const steps = functions(new URL('./steps.mjs', import.meta.url));
export const report = definePipeline('report', async (dag) => ({
  'a.txt': blob('some text'),
  sums: [1, 2, Number(process.env.ROUND ?? 0)].map((n) => dag.call(steps.twice, n)),
}));
`;
const STEPS = 'export const twice = (n) => n + n;\n';

/** The kinds of command, each with one that is typical. */
export const COMMANDS = {
  init: ['init'],
  run: ['run', 'pipeline.mjs'],
  status: ['status'],
  show: ['show', 'report'],
  gc: ['gc'],
  compact: ['gc', '--compact'],
  verify: ['verify'],
  export: ['export', 'report', 'out', '--force'],
};

const LIMIT_MS = 120_000;
/** A file system in memory, for rounds that write often. */
const MEMORY_FOLDER = '/dev/shm';

/** A folder with a project in it, and another one that nothing of dml may touch. */
export class World {
  constructor(program) {
    this.program = program;
    this.folder = mkdtempSync(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), 'dml-intruders-'));
    chmodSync(this.folder, 0o755);
    this.project = join(this.folder, 'project');
    this.home = join(this.folder, 'home');
    this.mine = join(this.folder, 'mine');
    mkdirSync(this.project);
    mkdirSync(this.home);
  }

  /** Makes the project with a repository in it. */
  async begin(names) {
    writeFileSync(join(this.project, 'pipeline.mjs'), PIPELINE);
    writeFileSync(join(this.project, 'steps.mjs'), STEPS);
    this.fillMine(names);
    for (const argv of [['init'], COMMANDS.run]) {
      const end = await this.dml(argv);
      if (end.code !== 0) throw new Error(`dml ${argv.join(' ')} ended with ${end.code}: ${end.stderr}`);
    }
  }

  /** Fills the folder of what the user keeps elsewhere, under every name that a store uses. */
  fillMine(names) {
    rmSync(this.mine, { recursive: true, force: true });
    mkdirSync(join(this.mine, 'folder'), { recursive: true });
    for (const name of [...names, 'file', 'folder/data.mdb', 'folder/note'])
      writeFileSync(join(this.mine, name), `what I keep in ${name}\n`.repeat(300));
  }

  /** Copies the project, so that a round may damage its repository. */
  copy(name) {
    const place = join(this.folder, name);
    cpSync(this.project, place, { recursive: true, verbatimSymlinks: true });
    return place;
  }

  /** Runs dml to its end. */
  dml(argv, { cwd = this.project, env = {}, prefix = [] } = {}) {
    const [program, ...args] = [...prefix, process.execPath, this.program, ...argv];
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        cwd,
        env: { PATH: process.env.PATH, HOME: this.home, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
      child.on('error', reject);
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        resolve({ code: code ?? signal, stdout, stderr });
      });
    });
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Returns a fingerprint of a folder: names, kinds, modes and content, without following links. */
export function fingerprint(folder) {
  const hash = createHash('sha256');
  const add = (path) => {
    const stats = lstatSync(path);
    hash.update(`${path}\n${stats.mode}\n`);
    if (stats.isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name));
    else if (stats.isSymbolicLink()) hash.update(readlinkSync(path));
    else if (stats.isFile()) hash.update(readFileSync(path));
  };
  add(folder);
  return hash.digest('hex');
}
