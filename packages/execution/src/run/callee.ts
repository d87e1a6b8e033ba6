import type {
  AmbientInput,
  AuthorSources,
  CallOptions,
  CarriedLibrary,
  NativePackage,
} from '@daggerml/capture';
import type { DatumId } from '@daggerml/object-model';
import {
  adapterNameOf,
  LOCAL_ADAPTER,
  parseFunctionUri,
  parseScriptUri,
  SCRIPT_ADAPTER,
} from '@daggerml/repository';
import type { RunObjects } from '../objects/run-objects.ts';
import type { ScriptLimits } from '../script/script-limits.ts';
import { checkCallOptions } from './call-options.ts';

/** A call as its Caller asks for it. */
export interface CallSpec {
  /** The datum of the function's URI. */
  readonly functionDatumId: DatumId;
  /** The name in reports; the function's own name by default. */
  readonly label?: string | undefined;
  readonly options: Omit<CallOptions, 'label'>;
  /** Limits of a script. */
  readonly limits?: ScriptLimits | undefined;
  /** Absent for a function that was not captured in this process. */
  readonly captured?: CapturedFacts;
  /** True for a call that is known by its exec alone. */
  readonly isFromRecord?: boolean;
}

/** Facts of a capture that are no part of the function's identity. */
export interface CapturedFacts {
  /** Reads of the author's code other than the inputs, as far as the author does not allow them. */
  readonly ambientInputs: readonly AmbientInput[];
  /** Modules of the author that the function leaves out although they do something by themselves. */
  readonly leftOut: readonly string[];
  /** Packages with machine code that the bundle imports from their own folders. */
  readonly natives: readonly NativePackage[];
  /** The tools that made the bundle, with their versions. */
  readonly bundler: string;
  /** Packages whose code the bundle holds. */
  readonly libraries: readonly CarriedLibrary[];
  /** Returns the files of the author that the function was made of. */
  readonly sources: () => AuthorSources;
  /** Returns a trace with positions in the sources instead of the bundle. */
  readonly traceInSources: (trace: readonly string[]) => readonly string[];
  /** Facts of the functions that it calls as calls of their own, by their datums. */
  readonly callees: ReadonlyMap<DatumId, CapturedFacts>;
}

/** The function of a call or builtin node, with how it is called. */
export interface Callee extends CallSpec {
  readonly uri: string;
  /** The export name, or the name of a script; undefined for a builtin and for a URI of another adapter. */
  readonly functionName: string | undefined;
  /** Names the node in reports. */
  readonly name: string;
}

/** The functions that a run calls; each URI is read once. */
export class Callees {
  readonly #objects: RunObjects;
  readonly #calls = new WeakMap<CallSpec, Callee>();
  readonly #builtins = new Map<DatumId, Callee>();

  constructor(objects: RunObjects) {
    this.#objects = objects;
  }

  /** Returns the function of a call. */
  ofCall(spec: CallSpec): Callee {
    let callee = this.#calls.get(spec);
    if (!callee) {
      checkCallOptions({ ...spec.options, label: spec.label });
      const datum = this.#objects.read('datum', spec.functionDatumId);
      const uri = datum.kind === 'uri' ? datum.value : '';
      const functionName = exportNameOf(uri);
      callee = { ...spec, uri, functionName, name: spec.label ?? functionName ?? uri };
      this.#calls.set(spec, callee);
    }
    return callee;
  }

  /** Returns the function of a builtin node. */
  ofBuiltin(functionDatumId: DatumId, uri: string): Callee {
    let callee = this.#builtins.get(functionDatumId);
    if (!callee) {
      callee = { functionDatumId, uri, functionName: undefined, name: uri, options: {} };
      this.#builtins.set(functionDatumId, callee);
    }
    return callee;
  }
}

/** Returns the name of a function for people; undefined for one without a name. */
export function functionNameOf(functionDatumId: DatumId, objects: RunObjects): string | undefined {
  const datum = objects.read('datum', functionDatumId);
  return datum.kind === 'uri' ? exportNameOf(datum.value) : undefined;
}

function exportNameOf(uri: string): string | undefined {
  try {
    const adapter = adapterNameOf(uri);
    if (adapter === SCRIPT_ADAPTER) return parseScriptUri(uri).name;
    if (adapter === LOCAL_ADAPTER) return parseFunctionUri(uri).exportName;
    // Of the function of an executable, the last part of the path.
    return decodeURIComponent(/\/([^/?]+)\/?(?:\?|$)/.exec(uri)?.[1] ?? '') || undefined;
  } catch {
    return undefined;
  }
}
