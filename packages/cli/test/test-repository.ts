import { type SpawnOptions, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { type CommitId, type CommitRecord, hashBytes } from '@daggerml/object-model';
import { headRef, openStore, type Ref, type Store } from '@daggerml/store';
import { plantRef } from '@daggerml/store/testing';
import { afterTests } from '@daggerml/testkit';
import { expect } from 'vitest';
import { runCli } from '../src/invocation/main.ts';
import type { CliIo } from '../src/process/cli-io.ts';
import { PROGRAM, StartedProgram } from './started-program.ts';

/** Output and exit code of one command. */
export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it was written, for values that are not text. */
  readonly bytes: Buffer;
}

/** Replacements by a test for the process around a command. */
export interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly endedBy?: 'SIGTERM' | 'SIGHUP';
  readonly isTerminal?: boolean;
  readonly columns?: number;
  readonly nowMs?: () => number;
  /** Pieces of standard input. */
  readonly input?: Iterable<Uint8Array> | Readable;
  /** Hears standard error while the command runs. */
  readonly onTalk?: (text: string) => void;
}

/** Refs and journal of a repository, for comparison. */
export interface RefState {
  readonly refs: readonly unknown[];
  readonly journal: readonly unknown[];
}

const FIXTURES = join(import.meta.dirname, 'fixtures');

/** Returns the words of a command line, none of which has a space. */
export function words(line: string): string[] {
  return line.split(' ').filter(Boolean);
}

/** Returns the private key of a new domain. */
export function newKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** Runs `dml` in this process with everything that it prints caught. */
export async function dml(argv: readonly string[], around: Surroundings = {}): Promise<Outcome> {
  const out: Buffer[] = [];
  const talk: Buffer[] = [];
  const sink = (pieces: Buffer[], hear?: (text: string) => void) => ({
    isTTY: around.isTerminal ?? false,
    columns: around.columns ?? 80,
    write: (piece: string | Uint8Array) => {
      pieces.push(Buffer.from(piece as string));
      hear?.(String(piece));
      return true;
    },
  });
  const stdout = sink(out);
  const io: CliIo = {
    stdout,
    stderr: sink(talk, around.onTalk),
    write: async (piece) => void stdout.write(piece),
    ...(around.input && {
      openInput: () =>
        around.input instanceof Readable ? around.input : Readable.from(around.input as Iterable<Uint8Array>),
    }),
    cwd: around.cwd ?? tmpdir(),
    env: { DML_AUTHOR: 'tester', ...around.env },
    nowMs: around.nowMs ?? Date.now,
    signal: around.signal ?? new AbortController().signal,
    endedBy: () => around.endedBy,
  };
  const exitCode = await runCli(argv, io);
  const bytes = Buffer.concat(out);
  return { exitCode, stdout: bytes.toString(), stderr: Buffer.concat(talk).toString(), bytes };
}

/** A node of a kind that only a later version knows. */
const NEWER_NODE: Uint8Array = Uint8Array.of(0x84, 1, 3, 5, 0xf6);
export const NEWER_NODE_ID: string = hashBytes(NEWER_NODE);

/** A temporary folder with a repository and pipelines in it, which is gone when the tests of the file are over. */
export class TestRepository {
  /** Alone in a folder, so that a command which wrongly takes the folder above destroys nothing of others. */
  readonly folder: string;

  constructor() {
    const own = realpathSync(mkdtempSync(join(tmpdir(), 'dml cli ')));
    afterTests('file', () => rmSync(own, { recursive: true, force: true }));
    this.folder = join(own, 'project');
    mkdirSync(this.folder);
  }

  static async create(): Promise<TestRepository> {
    const repository = new TestRepository();
    cpSync(FIXTURES, repository.folder, { recursive: true });
    await repository.ok('init');
    return repository;
  }

  /** Runs `dml` inside the folder. */
  dml(argv: readonly string[], around: Surroundings = {}): Promise<Outcome> {
    return dml(argv, { cwd: this.folder, ...around });
  }

  /** Starts `dml` as a process of its own. */
  start(argv: readonly string[], options: SpawnOptions = {}): StartedProgram {
    return new StartedProgram([PROGRAM, ...argv], { cwd: this.folder, ...options });
  }

  /** Runs `dml` as a process of its own to its end, since what is tested happens to the process. */
  program(argv: readonly string[], { env = {}, program = PROGRAM }: ProgramOptions = {}): ProgramEnd {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], {
      cwd: this.folder,
      encoding: 'utf8',
      // Ends what hangs.
      timeout: 900_000,
      env: { PATH: process.env.PATH, DML_AUTHOR: 'tester', ...env },
    });
    return { status, stdout, stderr };
  }

  /**
   * Runs `dml`, expects that it is refused with an exit code and no result, and that a refusal which promises it leaves
   * refs and journal as they were; returns standard error.
   */
  async refusal(exitCode: number, argv: readonly string[], around: Surroundings = {}): Promise<string> {
    const isTraceless = [2, 3, 4, 6].includes(exitCode);
    const before = isTraceless ? await this.refState() : undefined;
    const outcome = await this.dml(argv, around);
    expect(outcome, argv.join(' ')).toMatchObject({ exitCode, stdout: '' });
    if (isTraceless) expect(await this.refState()).toEqual(before);
    return outcome.stderr;
  }

  /** Returns the document of an error; see `refusal`. */
  async error(
    exitCode: number,
    argv: readonly string[],
    around: Surroundings = {},
  ): Promise<Record<string, unknown>> {
    return JSON.parse(await this.refusal(exitCode, ['--json', ...argv], around));
  }

  /** Runs a line of a shell in the folder, where `dml` stands for the program. */
  shell(line: string, env: Readonly<Record<string, string>> = {}): ProgramEnd {
    const script = `dml() { "$NODE" "$BIN" "$@"; }\n${line}`;
    const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
      cwd: this.folder,
      encoding: 'utf8',
      // Ends what hangs.
      timeout: 600_000,
      env: {
        PATH: process.env.PATH,
        NODE: process.execPath,
        BIN: PROGRAM,
        DML_AUTHOR: 'tester',
        LC_ALL: 'C',
        ...env,
      },
    });
    return { status, stdout, stderr };
  }

  /** Runs `dml`, expects success and returns standard output. */
  async ok(...argv: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.dml(argv);
    if (exitCode !== 0) throw new Error(`dml ${argv.join(' ')} ended with ${exitCode}: ${stderr}`);
    return stdout;
  }

  /** Runs `dml --json`, expects success and returns the document; of `dml run` that is the last line. */
  async json<T = Record<string, unknown>>(...argv: string[]): Promise<T> {
    const stdout = await this.ok('--json', ...argv);
    return JSON.parse(argv[0] === 'run' ? lastLine(stdout) : stdout) as T;
  }

  /** Runs a pipeline of the fixtures and returns the report. */
  async run(pipeline: string, ...options: string[]): Promise<RunDocument> {
    return await this.json<RunDocument>('run', 'pipelines.ts', pipeline, ...options);
  }

  /**
   * Writes a pipeline that a function builds and returns its file. It may use `blob` and the functions `steps`: those of
   * the fixtures, or of the code that is given.
   */
  pipeline(name: string, build: string, { code, options = '' }: PipelineSteps = {}): string {
    const steps = code === undefined ? './steps.ts' : `./${name}-steps.ts`;
    if (code !== undefined) this.write(steps, code);
    this.write(
      `${name}.ts`,
      `import { blob, definePipeline, functions } from '@daggerml/bindings';
      const steps = functions<typeof import('${steps}')>(new URL('${steps}', import.meta.url)${options});
      export const pipeline = definePipeline('${name}', ${build});`,
    );
    return `${name}.ts`;
  }

  /** Writes and runs a pipeline; see `pipeline`. */
  define(name: string, build: string, steps?: PipelineSteps): Promise<RunDocument> {
    return this.json<RunDocument>('run', this.pipeline(name, build, steps));
  }

  /** Writes a file below the folder and returns its path. */
  write(path: string, text: string | Uint8Array): string {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** Opens the store for what no command shows. */
  async withStore<T>(body: (store: Store) => T | Promise<T>, mode: 'read' | 'write' = 'read'): Promise<T> {
    const store = await openStore(join(this.folder, '.dml', 'store'), { mode });
    try {
      return await body(store);
    } finally {
      await store.close();
    }
  }

  /** Creates a ref at a commit, as no command would; deletes it without one. */
  plant(ref: Ref['name'], commitId: string | null): Promise<void> {
    return this.withStore((store) => {
      const expected = store.getRef(ref)?.commitId ?? null;
      if (expected === null) plantRef(store, ref, commitId as CommitId);
      else store.updateRef({ ref, expected, next: commitId as CommitId, actor: 'a', reason: 'b' });
    }, 'write');
  }

  /** Puts a branch `newer` whose one dag has a root that only a later version can read. */
  putNewerBranch(): Promise<void> {
    return this.withStore((store) => {
      store.transact('newer', (transaction) => {
        const rootNodeId = transaction.put('node', NEWER_NODE);
        const dagId = transaction.putRecord({ type: 'dag', rootNodeId, names: [] });
        const treeId = transaction.putRecord({ type: 'tree', dags: [['later', dagId]] });
        const next = transaction.putRecord({
          type: 'commit',
          treeId,
          parentCommitIds: [],
          pins: [],
          requests: [],
          author: 'ada',
          authoredMs: 1,
          committer: 'ada',
          committedMs: 1,
          message: '',
          detailsDatumId: null,
        });
        const ref = headRef('newer');
        transaction.updateRef({ ref, expected: null, next, actor: 'ada', reason: 'test' });
      });
    }, 'write');
  }

  /** Points a ref to a commit like that of `main` with other facts, and returns its id. */
  async plantCommit(ref: Ref['name'], facts: Partial<CommitRecord>): Promise<string> {
    const made = await this.withStore((store) => {
      const commit = store.getRecord('commit', store.getRef(headRef('main'))?.commitId as CommitId);
      let commitId = '';
      store.transact('test', (transaction) => {
        commitId = transaction.putRecord({ ...(commit as CommitRecord), ...facts });
      });
      return commitId;
    }, 'write');
    await this.plant(ref, made);
    return made;
  }

  refState(): Promise<RefState> {
    return this.withStore(async (store) => {
      const journal: unknown[] = [];
      for await (const entry of store.listJournal()) journal.push(entry);
      return { refs: store.readRefs(), journal };
    });
  }
}

interface PipelineSteps {
  /** Source of the functions. */
  readonly code?: string;
  /** Text of the options that `functions` takes, behind a comma. */
  readonly options?: string;
}

interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Another `dml` than that of this tree. */
  readonly program?: string;
}

interface ProgramEnd {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Document that `dml run --json` prints. */
export interface RunDocument {
  readonly pipeline: string;
  readonly commitId: string;
  readonly dagId: string;
  readonly changed: boolean;
  readonly counts: Readonly<Record<'executed' | 'cached' | 'failed', number>>;
}

/** Returns the last line of a text, which holds the result of `dml run --json`. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
