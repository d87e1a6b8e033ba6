import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CallOptions } from '@daggerml/capture';
import { afterTests } from '@daggerml/testkit';
import { lowerValue } from '@daggerml/values';
import type { ExecutorOptions } from '../src/executor.ts';
import type { CallSpec } from '../src/run/callee.ts';
import type { RunNode } from '../src/run/run-node.ts';
import { placeOfFile, ScriptCapture } from '../src/script/capture-script.ts';
import type { ScriptDeclaration } from '../src/script/script.ts';
import type { ScriptLimits } from '../src/script/script-limits.ts';
import { type TestRun, Workspace } from './workspace.ts';

/** A call of a script, with what it needs no mention of left out. */
export interface ScriptCall extends Partial<ScriptDeclaration> {
  readonly command: ScriptDeclaration['command'];
  readonly files?: readonly string[];
  readonly values?: Readonly<Record<string, unknown>>;
  readonly options?: CallOptions;
  readonly limits?: ScriptLimits;
}

/** A run of scripts that lie in a folder. */
export class ScriptWorld {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'dml-script-test-'));
  readonly workspace: Workspace;
  run: TestRun;
  #capture: ScriptCapture;

  private constructor(workspace: Workspace) {
    this.workspace = workspace;
    this.run = workspace.begin();
    this.#capture = new ScriptCapture(this.run.open.files);
  }

  static async create(options: Partial<ExecutorOptions> = {}): Promise<ScriptWorld> {
    const world = new ScriptWorld(await Workspace.create('', options));
    afterTests('test', async () => {
      await world.workspace.close();
      rmSync(world.folder, { recursive: true, force: true });
    });
    return world;
  }

  /** Begins the next run on the same store. */
  begin(): void {
    this.run = this.workspace.begin();
    this.#capture = new ScriptCapture(this.run.open.files);
  }

  write(path: string, content: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content, { mode });
  }

  capture({ command, files = [], values = {}, ...rest }: ScriptCall): CallSpec {
    const { outputs = { path: '-', form: 'text' }, env = {}, isSandboxed = false } = rest;
    const inputs = Object.keys(values);
    const places = files.map((path) => placeOfFile(path, this.folder));
    return this.#capture.capture('it', { command, inputs, outputs, env, isSandboxed }, places);
  }

  call(call: ScriptCall): RunNode {
    const { values = {}, options = {}, limits } = call;
    const nodes = Object.values(values).map((value) => this.run.node(value));
    return this.run.open.run.addCall(
      { ...this.capture(call), options: { retries: 0, ...options }, limits },
      nodes,
    );
  }

  /** Runs a script and returns its value or its failure. */
  outcome(call: ScriptCall): Promise<unknown> {
    return this.run.outcome(this.call(call));
  }

  /** Stores a value and returns its node. */
  value(value: unknown): RunNode {
    return this.run.open.run.addLiteral(lowerValue(value, this.run.open.objects, ''));
  }

  /** Returns the text that a stream of the scripts printed. */
  printed(stream: 'stdout' | 'stderr'): string {
    return this.workspace.events
      .flatMap((event) => (event.type === 'call-output' && event.stream === stream ? [event.text] : []))
      .join('');
  }
}
