import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AnyFunction, type FunctionRef, isFunctionRef, type Pipeline } from '@daggerml/capture';
import {
  allowing,
  type CallSpec,
  captureCall,
  captureFile,
  type OpenRun,
  type RunNode,
  ScriptCapture,
} from '@daggerml/execution';
import { type DagId, type DatumId, type NodeId, OUTCOME_URI, treeEntries } from '@daggerml/object-model';
import {
  type CallText,
  callingName,
  callText,
  METRIC_PREFIX,
  PARAMETER_PREFIX,
  pinsOfDag,
  unknownName,
} from '@daggerml/repository';
import {
  type BlobContent,
  type BlobHandle,
  blob,
  lowerDeeply,
  SourceThrew,
  valuesError,
} from '@daggerml/values';
import { adapterFunctionUri } from './adapter-function.ts';
import { builtinMethods, type ListBuiltins, type MapBuiltins, type SetBuiltins } from './builtins.ts';
import { CallSite, type Entry, withLine } from './call-site.ts';
import { commitDag, type DagCommit } from './commit-dag.ts';
import type { DagContext } from './dag-options.ts';
import { type Directory, type DirectoryOptions, type FolderRequest, lowerFolder } from './directory.ts';
import { bindingsError } from './errors.ts';
import { InputLowering } from './input-lowering.ts';
import { mapPlaces } from './map-over.ts';
import { importedNames, type Namespace } from './namespace.ts';
import { ExecutionHandle, type HandleOwner, NodeHandle } from './node-handle.ts';
import { checkMetricName } from './parameters.ts';
import { checkedName } from './pipeline-name.ts';
import { type DagPlan, planDag } from './plan-dag.ts';
import {
  callOptionsOf,
  type DraftedScript,
  draftCommand,
  draftShell,
  refuseShell,
} from './script/script-draft.ts';
import type { ScriptOptions, ScriptValue, ShellOptions } from './script/script-options.ts';
import type { ScriptPart } from './script/script-parts.ts';
import { type Handles, type Outcomes, replaceHandles } from './settled.ts';
import type { Callable, CallInputs, CallValue } from './signature.ts';
import type { Lifted, Storable } from './values.ts';

/**
 * A dag under construction: adding nodes never waits, calls run as soon as their inputs have values.
 *
 * `commit` makes it immutable.
 */
export class Dag implements HandleOwner {
  readonly #context: DagContext;
  readonly #names = new Map<string, RunNode>();
  readonly #namesByNodeId = new Map<NodeId, string>();
  readonly #builtinIds = new Map<string, DatumId>();
  readonly #specs = new WeakMap<FunctionRef, CallSpec>();
  readonly #captured = new Map<string, CallSpec>();
  readonly #inputs: InputLowering;
  readonly #scripts: ScriptCapture;
  readonly #scriptSpecs = new Map<string, CallSpec>();
  #root: NodeHandle | undefined;
  #isClosed = false;

  /** Builtins on lists, sets and maps. */
  readonly list: ListBuiltins;
  readonly set: SetBuiltins;
  readonly map: MapBuiltins;

  /** Creates a dag; only `Repository.newDag` does. */
  constructor(context: DagContext) {
    this.#context = context;
    this.#inputs = new InputLowering(this, (uri, inputs) => this.#addBuiltin(uri, inputs));
    this.#scripts = new ScriptCapture(context.open.files);
    const apply = (uri: string, inputs: readonly unknown[]): NodeHandle => {
      try {
        this.#assertOpen();
        const nodes = inputs.map((input, index) => this.#inputs.lower(input, `inputs[${index}]`));
        return this.#handle(this.#addBuiltin(uri, nodes));
      } catch (error) {
        // Between this and the author's code is the method of the kind.
        throw withLine(error, apply, { between: 1 });
      }
    };
    this.list = builtinMethods('list', apply);
    this.set = builtinMethods('set', apply);
    this.map = builtinMethods('map', apply);
  }

  /** @internal */
  get open(): OpenRun {
    return this.#context.open;
  }

  /** @internal */
  nameOf({ nodeId }: Pick<RunNode, 'nodeId'>): string | undefined {
    return this.#namesByNodeId.get(nodeId);
  }

  /**
   * Returns a call of this dag with its inputs as its author would write it, such as `hour(data, 3)`.
   *
   * @spec DML-BND-1503
   */
  describeCall(nodeId: NodeId): CallText {
    return callText(this.open.objects, nodeId, { nameOf: (input) => this.#namesByNodeId.get(input) });
  }

  /** Number of calls so far, also of those that functions have made. */
  get callCount(): number {
    return this.open.run.callCount;
  }

  /** The name that the dag is committed under. */
  get dagName(): string {
    return this.#context.name;
  }

  /** The root given to `commit`. Throws `unknown_name` before there is one. */
  get root(): NodeHandle {
    if (!this.#root) throw unknownName({ name: 'root', known: [] });
    return this.#root;
  }

  /**
   * Adds a node with a value; a handle is its own node. Throws `unsupported_value` and `cyclic_value`.
   *
   * @spec DML-BND-0401
   */
  literal<T>(value: T & Storable<T>): NodeHandle<Lifted<T>>;
  literal(value: unknown): NodeHandle {
    return this.#at(this.literal, () =>
      value instanceof NodeHandle ? this.#own(value) : this.#handle(this.#inputs.lower(value, '')),
    );
  }

  /**
   * Adds a call of a captured function and returns at once. Throws `capture_failed` for a function that cannot
   * be captured.
   *
   * @spec DML-BND-0405
   */
  call<F extends AnyFunction>(
    callee: FunctionRef<F> & Callable<F>,
    ...inputs: CallInputs<F>
  ): ExecutionHandle<CallValue<F>> {
    return this.#at(this.call, () => {
      const spec = this.#specOf(callee as unknown as FunctionRef);
      // @spec DML-BND-0406
      const nodes = given(inputs).map((input, index) => this.#inputs.lower(input, `inputs[${index}]`));
      return new ExecutionHandle(this, this.open.run.addCall(spec, nodes));
    });
  }

  /**
   * Adds a node with what became of each call, in the same places: `{ status: 'ok', value }` or
   * `{ status: 'error', error: { code, message } }`. The dag goes on with recorded failures and keeps its graph; a
   * failure that says nothing about the call, such as a lost worker, fails the node. Throws `unsupported_value`.
   *
   * @spec DML-BND-1741
   */
  settled<const H extends Handles>(calls: H): NodeHandle<Outcomes<H>>;
  settled(calls: Handles): NodeHandle {
    return this.#at(this.settled, () => {
      const outcomes = replaceHandles(calls, (handle, path) =>
        this.#handle(this.#addBuiltin(OUTCOME_URI, [this.#inputs.ownNode(handle, path)])),
      );
      return this.#handle(this.#inputs.lower(outcomes, 'calls'));
    });
  }

  /**
   * Waits for a list or map and applies a function to the handle of each of its elements, with its index or key; resolves
   * to what that returns, in the same places. Each handle is a node of its own, so the graph is kept: awaited values would
   * be literals. Rejects with `unsupported_value` for another value, and as `wait` does.
   *
   * @spec DML-BND-1867
   */
  mapOver<T, Result>(
    collection: NodeHandle<readonly T[]>,
    apply: (item: NodeHandle<T>, index: number) => Result,
  ): Promise<Awaited<Result>[]>;
  mapOver<T, Result>(
    collection: NodeHandle<Readonly<Record<string, T>>>,
    apply: (item: NodeHandle<T>, key: string) => Result,
  ): Promise<Record<string, Awaited<Result>>>;
  async mapOver(
    collection: NodeHandle,
    apply: (item: NodeHandle, place: never) => unknown,
  ): Promise<unknown> {
    const site = new CallSite(this.mapOver);
    try {
      this.#assertOpen();
      const node = this.#inputs.lower(collection, 'the collection');
      await this.#handle(node).settle();
      const { objects, run } = this.open;
      const datum = objects.readDatum(run.valueOf(node));
      const applied = async (kind: 'list' | 'map', place: number | string): Promise<unknown> => {
        const inputs = [node, this.#inputs.lower(place, '')];
        return await apply(this.#handle(this.#addBuiltin(`dml://${kind}/get`, inputs)), place as never);
      };
      return await mapPlaces(datum, objects, applied);
    } catch (error) {
      throw withLine(error, this.mapOver, { site });
    }
  }

  /**
   * Adds a run of a text for a shell and returns at once. Each value or handle in the text is an input, and one word of
   * the command: scalars as text, blobs and directories as the path of a file or folder. The value is what it prints, as
   * a blob, or the outputs that it declares. Throws `invalid_script` and `unreadable_file`.
   *
   * @spec DML-BND-1770
   */
  run<const Parts extends readonly ScriptPart[]>(
    strings: TemplateStringsArray,
    ...parts: Parts
  ): ExecutionHandle<ScriptValue<unknown, Parts>>;
  /** Returns `run` with options. */
  run<const Options extends ShellOptions>(
    options: Options,
  ): <const Parts extends readonly ScriptPart[]>(
    strings: TemplateStringsArray,
    ...parts: Parts
  ) => ExecutionHandle<ScriptValue<Options, Parts>>;
  run(first: TemplateStringsArray | ShellOptions, ...parts: readonly ScriptPart[]): unknown {
    if (typeof first !== 'object' || first === null) return this.#at(this.run, () => refuseShell(first));
    if ('raw' in first) return this.#at(this.run, () => this.#addShell(first, parts, {}));
    const run = (strings: TemplateStringsArray, ...words: readonly ScriptPart[]): ExecutionHandle =>
      this.#at(run, () => this.#addShell(strings, words, first));
    return run;
  }

  /**
   * Adds a run of a command and returns at once. The command is a list of words, started without a shell, or one text
   * for a shell. Throws `invalid_script` and `unreadable_file`.
   *
   * @spec DML-BND-1771
   */
  script<const Options extends ScriptOptions>(options: Options): ExecutionHandle<ScriptValue<Options>>;
  script(options: ScriptOptions): ExecutionHandle {
    return this.#at(this.script, () => this.#addScript(draftCommand(options, this.#context), options));
  }

  #addShell(
    { raw }: TemplateStringsArray,
    parts: readonly ScriptPart[],
    options: ShellOptions,
  ): ExecutionHandle {
    return this.#addScript(draftShell(raw, parts, { options, place: this.#context }), options);
  }

  #addScript(draft: DraftedScript, options: ShellOptions): ExecutionHandle {
    const { name, declaration, files, limits, values } = draft;
    const nodes = values.map((value, index) =>
      this.#inputs.lower(value, declaration.inputs[index] as string),
    );
    const key = JSON.stringify([name, declaration, files]);
    let captured = this.#scriptSpecs.get(key);
    if (!captured) {
      captured = this.#scripts.capture(name, declaration, files);
      this.#scriptSpecs.set(key, captured);
    }
    const { label, ...own } = callOptionsOf(options);
    const call = { ...captured, label, options: { ...this.#context.callDefaults, ...own }, limits };
    const node = this.open.run.addCall(call, nodes);
    return new ExecutionHandle(this, node);
  }

  /**
   * Adds the names of a committed dag, its root under `root`; a node is made when a name is read. `revision` is a
   * branch or commit, the current branch by default. The type argument is the type of the dag's pipeline, or an
   * object type with the value of each name: `dag.import<typeof sales>('sales').root`. Throws `unknown_name` for a
   * dag that is not there, and when a name is read that it does not have.
   */
  import<Of = unknown>(dagName: string, revision?: string): Namespace<Of>;
  /** Adds the names of the dag that a pipeline with a name of its own commits. */
  import<Of extends Pipeline>(pipeline: Of, revision?: string): Namespace<Of>;
  import(dag: string | Pipeline, revision?: string): Namespace {
    return this.#at(this.import, () => {
      const dagName = typeof dag === 'string' ? dag : dag.name;
      if (dagName === undefined) throw unknownName({ name: 'the pipeline', known: [] });
      const { objects, run } = this.open;
      const source = this.#context.findDag(dagName, revision);
      const from = pinsOfDag(source, objects);
      // @spec DML-BND-0407
      return importedNames({
        dagName,
        names: namesOf(source.dagId, objects),
        read: (name) => this.#handle(run.addImport(source.dagId, name, from)),
      });
    });
  }

  /** Adds a blob from text, bytes or a stream, which is read in bounded memory. */
  async blob(content: BlobContent): Promise<NodeHandle<BlobHandle>> {
    return this.#waiting(this.blob, () =>
      lowerDeeply(blob(content), this.open.objects, '').catch(throwCause),
    ) as never;
  }

  /**
   * Adds the bytes of a file as a blob. Rejects with `unreadable_file`.
   *
   * @spec DML-BND-0902
   */
  async file(path: string | URL): Promise<NodeHandle<BlobHandle>> {
    return this.#waiting(this.file, () => captureFile(this.open.files, this.#path(path))) as never;
  }

  /**
   * Adds a folder as it is: a map from relative path to the blob of a file, or to what an executable file, a symbolic
   * link or an empty folder is stored as. Links that lead out of the folder are followed. `.git` and `node_modules` are
   * left out unless `all` is given, the repository in any case. Rejects with `unreadable_file`.
   *
   * @spec DML-BND-0919
   */
  async directory(path: string | URL, options: DirectoryOptions = {}): Promise<NodeHandle<Directory>> {
    return this.#folder(this.directory, path, { keepsForms: true, options }) as never;
  }

  /**
   * Adds the files of a folder as a map from relative path to blob, links followed. `.git` and `node_modules` are left
   * out unless `all` is given, the repository in any case. Rejects with `unreadable_file`.
   *
   * @spec DML-BND-0906
   */
  async files(
    path: string | URL,
    options: DirectoryOptions = {},
  ): Promise<NodeHandle<Record<string, BlobHandle>>> {
    return this.#folder(this.files, path, { keepsForms: false, options }) as never;
  }

  /** @spec DML-BND-0925 */
  #folder(
    entry: Entry,
    path: string | URL,
    request: Pick<FolderRequest, 'keepsForms' | 'options'>,
  ): Promise<NodeHandle> {
    const { files, reporter } = this.open;
    const shown = String(path);
    return this.#waiting(entry, () =>
      lowerFolder(files, { folder: this.#path(path), shown, ...request }, (event) => reporter.report(event)),
    );
  }

  /** Adds asynchronous work; notes the call site now, since the stack of a later failure does not have it. */
  async #waiting(entry: Entry, lower: () => Promise<DatumId>): Promise<NodeHandle> {
    const site = new CallSite(entry);
    try {
      this.#assertOpen();
      return this.#handle(this.open.run.addLiteral(await lower()));
    } catch (error) {
      throw withLine(error, entry, { site });
    }
  }

  /**
   * Names a node in the committed dag and returns its handle.
   *
   * @spec DML-BND-0409
   */
  name<Handle extends NodeHandle>(name: string, handle: Handle): Handle {
    return this.#at(this.name, () => {
      this.#setName(name, this.#inputs.lower(handle, name));
      return handle;
    });
  }

  /**
   * Names a number, boolean or text as a metric of the run and returns its handle: `dml table` and `dml compare` show
   * it. The commit is refused with `unsupported_value` where its value is anything else.
   *
   * @spec DML-BND-1720
   */
  metric<Handle extends NodeHandle<number | bigint | boolean | string>>(name: string, handle: Handle): Handle;
  metric<T extends number | bigint | boolean | string>(name: string, value: T): NodeHandle<T>;
  metric(name: string, value: unknown): NodeHandle {
    return this.#at(this.metric, () => {
      checkMetricName(name);
      const node = this.#inputs.lower(value, `${METRIC_PREFIX}${name}`);
      this.#setName(`${METRIC_PREFIX}${name}`, node);
      return value instanceof NodeHandle ? value : this.#handle(node);
    });
  }

  /** @internal Names the parameters of the run, each as a literal. @spec DML-BND-1707 */
  recordParameters(values: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(values)) {
      const path = `${PARAMETER_PREFIX}${name}`;
      if (value !== undefined) this.#setName(path, this.#inputs.lower(value, path));
    }
  }

  /** Changes the dag; an error names the line that called `entry`. */
  #at<Result>(entry: Entry, act: () => Result): Result {
    try {
      this.#assertOpen();
      return act();
    } catch (error) {
      throw withLine(error, entry);
    }
  }

  #setName(name: string, node: RunNode): void {
    const canonical = checkedName(name);
    // @spec DML-BND-0411
    if (canonical === 'root') throw bindingsError('reserved_name', { name });
    const holder = this.#names.get(canonical);
    // @spec DML-BND-0410
    if (holder && holder !== node) throw bindingsError('name_taken', { name });
    this.#names.set(canonical, node);
    if (callingName([canonical]) !== undefined) this.#namesByNodeId.set(node.nodeId, canonical);
  }

  /**
   * Waits for the nodes that root and names depend on and commits the dag under its name. The root is a handle or
   * a value that may hold handles. Throws `dag_failed`.
   */
  async commit(root: unknown, options: { readonly message?: string } = {}): Promise<DagCommit> {
    this.#assertOpen();
    const rootNode = this.#inputs.lower(root, 'root');
    this.#root = this.#handle(rootNode);
    // @spec DML-BND-0606
    this.#isClosed = true;
    const message = options.message ?? `run ${this.dagName}`;
    const commit = await commitDag(this.#context, { rootNode, names: this.#names, message });
    this.#closeWhenIdle();
    return commit;
  }

  /**
   * Waits for what is known of a dag whose calls do not run. The root is as in `commit`; nothing is built where the
   * pipeline could not go on.
   *
   * @internal
   */
  async plan(built: { readonly root: unknown } | undefined): Promise<DagPlan> {
    if (built) this.#inputs.lower(built.root, 'root');
    await this.open.run.idle();
    return planDag(this, built !== undefined);
  }

  /** Closes the run once it is idle: calls that the committed dag does not need may still run. */
  #closeWhenIdle(): void {
    const { run } = this.open;
    if (run.isIdle) void this.open.close();
    else
      void run.idle().then(
        () => this.open.close(),
        () => {},
      );
  }

  /** Ends the dag without a commit: open calls are cancelled, their workers end. Harmless after `commit`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.open.close();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw bindingsError('dag_closed', { dag: this.dagName });
  }

  #handle(node: RunNode): NodeHandle {
    return node.kind === 'call' ? new ExecutionHandle(this, node) : new NodeHandle(this, node);
  }

  /** @spec DML-BND-0402 */
  #own(handle: NodeHandle): NodeHandle {
    this.#inputs.ownNode(handle, 'the value');
    return handle;
  }

  #addBuiltin(uri: string, inputs: readonly RunNode[]): RunNode {
    let functionDatumId = this.#builtinIds.get(uri);
    if (functionDatumId === undefined) {
      functionDatumId = this.open.objects.put({ type: 'datum', kind: 'uri', value: uri });
      this.#builtinIds.set(uri, functionDatumId);
    }
    return this.open.run.addBuiltin(functionDatumId, uri, inputs);
  }

  /** Captures a function once per dag, so that one dag never mixes two versions of a file. */
  #specOf(callee: FunctionRef): CallSpec {
    if (!isFunctionRef(callee)) {
      const instead = 'use functions(new URL("./steps.ts", import.meta.url)), which makes references';
      throw valuesError('unsupported_value', {
        path: 'the function',
        found: 'no function reference',
        instead,
      });
    }
    let spec = this.#specs.get(callee);
    if (spec) return spec;
    const { moduleUrl, exportName, options, allow } = callee;
    const key = `${exportName} ${moduleUrl}`;
    let captured = this.#captured.get(key);
    if (!captured) {
      const { objects, files } = this.open;
      const uri = adapterFunctionUri(callee);
      captured =
        uri === undefined
          ? captureCall({ ...callee, allow: [] }, this.#context.capture, files)
          : { functionDatumId: objects.put({ type: 'datum', kind: 'uri', value: String(uri) }), options: {} };
      this.#captured.set(key, captured);
    }
    // @spec DML-BND-1211
    spec = {
      ...allowing(captured, allow),
      label: options.label,
      options: { ...this.#context.callDefaults, ...options },
    };
    this.#specs.set(callee, spec);
    return spec;
  }

  /** @spec DML-BND-0904 */
  #path(path: string | URL): string {
    return /^file:/.test(String(path)) ? fileURLToPath(path) : resolve(this.#context.folder, String(path));
  }
}

/**
 * Drops trailing inputs that are undefined, as the language does for optional parameters.
 *
 * @spec DML-BND-0416
 */
function given(inputs: readonly unknown[]): readonly unknown[] {
  return inputs.slice(0, inputs.findLastIndex((input) => input !== undefined) + 1);
}

function namesOf(dagId: DagId, objects: OpenRun['objects']): string[] {
  const { names } = objects.read('dag', dagId);
  return ['root', ...Array.from(treeEntries('names', names, objects), ([name]) => name)];
}

/** Throws the stream's own error where a stream of the value threw. */
function throwCause(error: unknown): never {
  throw error instanceof SourceThrew ? error.cause : error;
}
