import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CallOptions, FunctionCapture, type FunctionRef, functions } from '@daggerml/capture';
import {
  type CallExec,
  type CommitId,
  type DatumId,
  type ExecId,
  type ExecutionKey,
  executionKey,
  type Records,
  recordLinks,
  treeGet,
} from '@daggerml/object-model';
import { type OpenStoreOptions, openStore, type Store } from '@daggerml/store';
import { liftDatum, lowerValue } from '@daggerml/values';
import type { AdapterContext } from '../src/adapters/port.ts';
import { captureCall } from '../src/capture-call.ts';
import { Executor, type ExecutorOptions, type OpenRun, type RunRequest } from '../src/executor.ts';
import type { RunEvent } from '../src/run/events.ts';
import type { RunNode } from '../src/run/run-node.ts';
import { MemoryAdapter, type MemoryAdapterOptions, memoryUri } from '../src/testing/memory-adapter.ts';
import { HeldAdapter } from './held-adapter.ts';

const capture = new FunctionCapture();

/** A store in a temporary folder, functions in a file next to it, and runs on both. */
export class Workspace {
  readonly folder: string;
  store!: Store;
  executor!: Executor;
  readonly events: RunEvent[] = [];
  /** The adapter of the newest run, of one of two kinds. */
  held!: HeldAdapter;
  adapter!: MemoryAdapter;
  #moduleUrl = '';

  constructor(prefix = 'dml-run-') {
    this.folder = mkdtempSync(join(tmpdir(), prefix));
  }

  static async create(steps: string, options: Partial<ExecutorOptions> = {}): Promise<Workspace> {
    const workspace = new Workspace();
    workspace.write(steps);
    await workspace.reopen(options);
    return workspace;
  }

  /** Creates a workspace whose calls stay open until the test answers them. */
  static async held(options: Partial<ExecutorOptions> = {}): Promise<Workspace> {
    const workspace = new Workspace();
    const startAdapter = (context: AdapterContext): HeldAdapter => {
      workspace.held = new HeldAdapter(context);
      return workspace.held;
    };
    await workspace.reopen({ startAdapter, ...options });
    return workspace;
  }

  /** Creates a workspace whose calls are made by functions of this process. */
  static async memory(
    memory: MemoryAdapterOptions,
    options: Partial<ExecutorOptions> = {},
  ): Promise<Workspace> {
    const workspace = new Workspace();
    const startAdapter = (context: AdapterContext): MemoryAdapter => {
      workspace.adapter = new MemoryAdapter(context, memory);
      return workspace.adapter;
    };
    await workspace.reopen({ startAdapter, ...options });
    return workspace;
  }

  /** Writes the functions again. */
  write(steps: string): void {
    const file = join(this.folder, 'steps.ts');
    writeFileSync(file, steps);
    this.#moduleUrl = pathToFileURL(file).href;
  }

  /** Opens the store again, as the next process would. */
  async reopen(
    options: Partial<ExecutorOptions> = {},
    store: Pick<OpenStoreOptions, 'environment'> = {},
  ): Promise<void> {
    await this.executor?.close();
    await this.store?.close();
    mkdirSync(join(this.folder, 'store'), { recursive: true });
    this.store = await openStore(join(this.folder, 'store'), {
      mode: 'write',
      create: true,
      ...store,
    });
    this.executor = new Executor({
      store: this.store,
      size: 2,
      retryPauses: { baseMs: 1, maxMs: 2 },
      ...options,
    });
  }

  begin(request: Partial<RunRequest> = {}): TestRun {
    this.events.length = 0;
    const open = this.executor.openRun({
      workName: 'test',
      base: undefined,
      actor: 'tester',
      onEvent: (event) => this.events.push(event),
      ...request,
    });
    return new TestRun(open, this.#moduleUrl);
  }

  /** Types of the events of the newest run. */
  get eventTypes(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** Returns everything below an exec that the store has not. */
  dangling(execId: ExecId): string[] {
    const holes: string[] = [];
    const reached = new Map([[execId as string, 'exec']]);
    for (const [id, objectClass] of reached) {
      if (!this.store.has(objectClass as 'exec', id as ExecId)) holes.push(`${objectClass} ${id}`);
      else if (objectClass !== 'chunk')
        for (const link of recordLinks(this.store.getRecord(objectClass as 'exec', id as ExecId) as never))
          reached.set(link.id, link.objectClass);
    }
    return holes;
  }

  async close(): Promise<void> {
    await this.executor.close();
    await this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Returns the key of what a node with settled inputs is computed from. */
export function keyOf({ callee, inputs }: RunNode): ExecutionKey {
  const values = inputs.map(({ valueId }) => valueId as DatumId);
  return executionKey((callee as NonNullable<typeof callee>).functionDatumId, values);
}

/** A run, driven with plain values. */
export class TestRun {
  readonly open: OpenRun;
  readonly #moduleUrl: string;

  constructor(open: OpenRun, moduleUrl: string) {
    this.open = open;
    this.#moduleUrl = moduleUrl;
  }

  literal(value: unknown): RunNode {
    return this.open.run.addLiteral(lowerValue(value, this.open.objects, ''));
  }

  reference(name: string): FunctionRef {
    return functions<Record<string, () => unknown>>(this.#moduleUrl)[name] as unknown as FunctionRef;
  }

  call(name: string, inputs: readonly unknown[], options: CallOptions = {}): RunNode {
    const spec = captureCall(this.reference(name).with(options), capture, this.open.files);
    return this.open.run.addCall(
      spec,
      inputs.map((input) => this.node(input)),
    );
  }

  /** Calls a function of a memory adapter. */
  ask(name: string, inputs: readonly unknown[], options: CallOptions = {}): RunNode {
    return this.askUri(memoryUri(name), inputs, { label: name, ...options });
  }

  /** Calls the function of a URI. */
  askUri(uri: string, inputs: readonly unknown[], options: CallOptions = {}): RunNode {
    const functionDatumId = this.open.objects.put({ type: 'datum', kind: 'uri', value: uri });
    return this.open.run.addCall(
      { functionDatumId, label: options.label, options },
      inputs.map((input) => this.node(input)),
    );
  }

  /** Captures a function and returns its URI. */
  uriOf(name: string): string {
    const { files, objects } = this.open;
    const { functionDatumId } = captureCall(this.reference(name), capture, files);
    const datum = objects.read('datum', functionDatumId);
    return datum.kind === 'uri' ? datum.value : '';
  }

  builtin(uri: string, inputs: readonly unknown[]): RunNode {
    const functionDatumId = this.open.objects.put({ type: 'datum', kind: 'uri', value: uri });
    return this.open.run.addBuiltin(
      functionDatumId,
      uri,
      inputs.map((input) => this.node(input)),
    );
  }

  node(input: unknown): RunNode {
    const isNode = typeof input === 'object' && input !== null && 'nodeId' in input;
    return isNode ? (input as RunNode) : this.literal(input);
  }

  /** Waits for a node and yields its value, or the failure's code and message. */
  async outcome(node: RunNode): Promise<unknown> {
    await this.open.run.settled(node);
    if (node.failure)
      return { code: node.failure.code, message: node.failure.message, class: node.failure.class };
    return this.value(node);
  }

  /** Returns the value of a node that has ended well. */
  value(node: RunNode): unknown {
    if (node.failure) throw new Error(`${node.failure.code}: ${node.failure.message}`);
    return liftDatum(this.open.objects, this.open.run.valueOf(node));
  }

  /** Returns the exec of a call that has an outcome. */
  exec(node: RunNode): CallExec {
    return this.open.objects.read('exec', node.execId as ExecId) as CallExec;
  }

  /** The commit that the IndexRef of the run names. */
  get staged(): Records['commit'] {
    return this.open.objects.read('commit', this.stagedId);
  }

  get stagedId(): CommitId {
    const { ref } = this.open.index;
    return this.open.objects.store.getRef(ref)?.commitId as CommitId;
  }

  /** Returns the exec that the commit of the IndexRef pins for a node. */
  pinOf({ nodeId }: RunNode): ExecId | undefined {
    return treeGet('pins', this.staged.pins, nodeId, this.open.objects)?.[1];
  }

  get counts(): object {
    return Object.fromEntries(Object.entries(this.open.reporter.counts).filter(([, count]) => count > 0));
  }
}
