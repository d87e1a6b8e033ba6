import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { functions } from '@daggerml/capture';
import type { OpenRun } from '@daggerml/execution';
import { treeEntries } from '@daggerml/object-model';
import { verifyStore } from '@daggerml/store';
import { afterTests } from '@daggerml/testkit';
import { expect } from 'vitest';
import type { Dag } from '../src/dag.ts';
import type { NodeHandle } from '../src/node-handle.ts';
import { Repository, type RepositoryOptions } from '../src/repository.ts';

/** The functions that the tests call. */
export interface Steps {
  add(a: number, b: number): number;
  pair(...inputs: unknown[]): unknown[];
  fail(message: string): never;
  range(value: number): number;
  chain(): number;
  environment(): Record<string, string>;
  crash(): number;
  random(seed: number): number;
  slow(ms: number): Promise<number>;
  table(rows: number): Promise<{ rows: number; mean: number; tags: Set<string> }>;
}

const source = `
export const add = (a: number, b: number): number => a + b;
export const pair = (...inputs: unknown[]) => inputs;
export const fail = (message: string) => { throw new Error(message); };
export const range = (value: number): number => { throw new RangeError(value + ': out of range'); };
export const chain = (): number => { throw new Error('outer', { cause: new TypeError('middle', { cause: 'inner' }) }); };
export const environment = () => ({ ...process.env });
export const crash = () => { process.kill(process.pid, 'SIGSEGV'); return new Promise(() => {}); };
export const random = (_seed: number) => Math.random();
export const slow = (ms: number) => new Promise((r) => setTimeout(() => r(ms), ms));
export const table = async (rows: number) => ({ rows, mean: rows / 2, tags: new Set(['a', 'b']) });
`;

/** A file system in memory, for tests that write often. */
const MEMORY_FOLDER = '/dev/shm';

/** A project folder with a repository and a file of functions, which is gone when the tests of the file are over. */
export class Project {
  readonly folder: string = mkdtempSync(
    join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), 'dml-project-'),
  );
  repository!: Repository;
  readonly steps = functions<Steps>(pathToFileURL(join(this.folder, 'steps.ts')));

  static async create(options: RepositoryOptions = {}): Promise<Project> {
    const project = new Project();
    afterTests('file', () => project.close());
    project.write('steps.ts', source);
    project.repository = await Repository.init(project.folder, { author: 'tester', workers: 2, ...options });
    return project;
  }

  /** Opens the repository again, as the next process would. */
  async reopen(options: RepositoryOptions = {}): Promise<void> {
    await this.repository.close();
    this.repository = await Repository.open(this.folder, options);
  }

  /** Lists what is damaged in the store. */
  async findings(): Promise<unknown[]> {
    const found: unknown[] = [];
    await verifyStore(this.repository.store, { onFinding: (finding) => void found.push(finding) });
    return found;
  }

  write(name: string, text: string | Uint8Array): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  async close(): Promise<void> {
    await this.repository.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Matches an error with a code. */
export function coded(code: string): unknown {
  return expect.objectContaining({ code });
}

/** Returns what is refused about which file of a project when a file or folder of it is captured. */
export async function captureRefusal(project: Project, capture: Promise<unknown>): Promise<string> {
  return capture.then(
    () => 'captured',
    ({ code, fields: { path, reason } }: { code: string; fields: { path: string; reason: string } }) => {
      expect(code).toBe('unreadable_file');
      return `${path.replace(`${project.folder}/`, '')}: ${reason}`;
    },
  );
}

/** Returns the URI and the ids of the inputs that a builtin node of a dag records. */
export function recorded(dag: Dag, handle: NodeHandle): { uri: unknown; inputs: string[] } {
  // The published types do not have it.
  const { objects } = (dag as unknown as { readonly open: OpenRun }).open;
  const node = objects.read('node', handle.nodeId);
  if (node.kind !== 'builtin') throw new Error(`a ${node.kind}`);
  const datum = objects.readDatum(node.functionDatumId);
  const inputs = [...treeEntries('inputs', node.inputs, objects)];
  return { uri: datum.kind === 'uri' && datum.value, inputs };
}
