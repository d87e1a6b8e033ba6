import type { CallOptions, FunctionCapture } from '@daggerml/capture';
import type { OpenRun } from '@daggerml/execution';
import type { ImportSource } from '@daggerml/repository';
import type { RefName, Store } from '@daggerml/store';

/** The store, Executor and settings of one dag under construction. */
export interface DagContext {
  readonly store: Store;
  readonly capture: FunctionCapture;
  readonly open: OpenRun;
  /** The name that the dag is committed under. */
  readonly name: string;
  readonly branch: RefName;
  /** Folder from which relative paths are resolved. */
  readonly folder: string;
  readonly actor: string;
  readonly nowMs: () => number;
  /** Defaults for the options of every call. */
  readonly callDefaults: CallOptions;
  /** True when scripts that say nothing of it are sandboxed. */
  readonly sandbox: boolean;
  readonly findDag: (name: string, revision: string | undefined) => ImportSource;
}
