import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type CapturedFunction,
  captureSettings,
  type FunctionRef,
  SourceLocator,
  traceInSources,
} from '@daggerml/capture';
import { type Datum, type DatumId, readBlob } from '@daggerml/object-model';
import { parseFunctionUri } from '@daggerml/repository';
import { decodeAs } from '../objects/decode-as.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import type { CapturedFacts } from '../run/callee.ts';
import { calleeDatumIds } from '../run/callees.ts';
import type { CaptureTools } from './capture-tools.ts';
import { placeOf } from './folder-memory.ts';
import { PathStates, type SeenPaths } from './path-states.ts';

/** Changes with the form of what is remembered, so that another form is never read. */
const FORM = 3;

type Facts = Omit<CapturedFacts, 'traceInSources' | 'sources' | 'natives' | 'callees'>;

/** Module and name of an exported function. */
type Place = Pick<FunctionRef, 'moduleUrl' | 'exportName'>;

/** A captured function, as a call names it. */
export interface KnownFunction {
  readonly functionDatumId: DatumId;
  readonly captured: CapturedFacts;
}

/** A capture that an earlier process made, in the store's table of listings. */
export class KnownCode {
  readonly #tools: CaptureTools;
  readonly #place: Uint8Array;
  readonly #states: PathStates;
  readonly #sinceMs: number;

  constructor(tools: CaptureTools, { moduleUrl, exportName }: Place) {
    this.#tools = tools;
    // @spec DML-CAP-2905
    this.#place = placeOf(
      'code',
      JSON.stringify([FORM, captureSettings(), exportName, moduleUrl, realPathOf(moduleUrl)]),
    );
    this.#states = new PathStates(tools.fileSystem);
    this.#sinceMs = tools.nowMs();
  }

  /** Returns the function if everything that decided its capture is as it was, and its code is in the store. */
  find(): KnownFunction | undefined {
    const { objects, knowsFiles } = this.#tools;
    // @spec DML-CAP-2906
    const listing = knowsFiles ? objects.store.readListing(this.#place) : undefined;
    const trail = listing && objects.store.readListingPart(this.#place, 0);
    const [functionDatumId] = listing?.datumIds ?? [];
    const found = listing && trail && this.#unchanged(listing.head);
    // @spec DML-CAP-2901
    if (!found || functionDatumId === undefined) return undefined;
    if (objects.retainDatums([functionDatumId], this.#place).length > 0) return undefined;
    if (!isWhole(functionDatumId, objects)) return undefined;
    const callees = this.#findCallees(functionDatumId, found.callees);
    if (!callees) return undefined;
    if (!found.isSame) this.#renew(functionDatumId, found, trail);
    // @spec DML-CAP-2902
    const locator = new SourceLocator(trail);
    return { functionDatumId, captured: capturedFacts({ ...found.facts, natives: [], locator }, callees) };
  }

  /** Returns the functions that a function calls as calls of their own; undefined where one is not known as it was. */
  #findCallees(functionDatumId: DatumId, places: readonly Place[]): readonly KnownFunction[] | undefined {
    if (places.length === 0) return [];
    const found = places.flatMap((place) => new KnownCode(this.#tools, place).find() ?? []);
    const ids = calleeDatumIds(functionDatumId, this.#tools.objects);
    return found.length === ids.length && found.every((callee, at) => callee.functionDatumId === ids[at])
      ? found
      : undefined;
  }

  /** Returns what is remembered if it holds; `isSame` is false where it does by the contents alone. */
  #unchanged(head: Uint8Array): (Remembered & { readonly isSame: boolean }) | undefined {
    try {
      const remembered = JSON.parse(Buffer.from(head).toString()) as Remembered;
      const found = this.#states.compare(remembered.paths);
      return found === 'different' ? undefined : { ...remembered, isSame: found === 'same' };
    } catch {
      // What cannot be read or looked at is captured.
      return undefined;
    }
  }

  /** Remembers a function that was captured since this was created. */
  keep(functionDatumId: DatumId, captured: CapturedFunction): void {
    const { inputs, locator, ambientInputs, leftOut, bundler, libraries } = captured;
    // @spec DML-CAP-2904
    const known = inputs?.isComplete ? inputs : undefined;
    const paths = known && this.#stateOf(known.present, known.absent);
    if (paths) {
      const facts = { ambientInputs, leftOut, bundler, libraries };
      const callees = captured.callees.map(({ moduleUrl, exportName }) => ({ moduleUrl, exportName }));
      this.#write(functionDatumId, { facts, paths, callees }, locator.pack());
    } else if (!this.#tools.knowsFiles) this.#replace([], new Uint8Array(0), []);
  }

  /** Remembers by what the inputs are known again next time. */
  #renew(functionDatumId: DatumId, { facts, paths: before, callees }: Remembered, trail: Uint8Array): void {
    const names = before.present.map(({ path }) => path);
    const paths = this.#stateOf(names, before.absent);
    if (paths?.present.every(({ digest }, at) => digest === before.present[at]?.digest))
      this.#write(functionDatumId, { facts, paths, callees }, trail);
  }

  #stateOf(present: readonly string[], absent: readonly string[]): SeenPaths | undefined {
    try {
      // @spec DML-CAP-2903
      return this.#states.stateOf(present, absent, this.#sinceMs);
    } catch {
      // What cannot be looked at is not remembered.
      return undefined;
    }
  }

  #write(functionDatumId: DatumId, remembered: Remembered, trail: Uint8Array): void {
    this.#replace([functionDatumId], Buffer.from(JSON.stringify(remembered)), [trail]);
  }

  #replace(datumIds: readonly DatumId[], head: Uint8Array, parts: readonly Uint8Array[]): void {
    const listing = { place: this.#place, datumIds, head, partCount: parts.length };
    this.#tools.objects.remember({ ...listing, parts: new Map(parts.entries()) });
  }
}

/** Checks whether the code of a function can be read; what is damaged is mended by capturing it again. */
function isWhole(functionDatumId: DatumId, objects: RunObjects): boolean {
  try {
    const read = (id: DatumId): Datum =>
      decodeAs('datum', objects.getBytes('datum', id) ?? new Uint8Array(0));
    const named = read(functionDatumId);
    if (named.kind !== 'uri' || named.attachmentDatumId === undefined) return false;
    const bundle = read(parseFunctionUri(named.value).bundleDatumId);
    if (bundle.kind !== 'blob') return false;
    for (const _ of readBlob(bundle, objects));
    return true;
  } catch {
    return false;
  }
}

/** Returns where a module lies; empty for what is not there. */
function realPathOf(moduleUrl: string): string {
  try {
    return realpathSync.native(moduleUrl.startsWith('file:') ? fileURLToPath(moduleUrl) : moduleUrl);
  } catch {
    return '';
  }
}

interface Remembered {
  readonly facts: Facts;
  readonly paths: SeenPaths;
  readonly callees: readonly Place[];
}

/** Returns what a run has to know of a capture. */
export function capturedFacts(
  of: Facts & Pick<CapturedFacts, 'natives'> & Pick<CapturedFunction, 'locator'>,
  callees: readonly KnownFunction[],
): CapturedFacts {
  const { ambientInputs, leftOut, natives, bundler, libraries, locator } = of;
  return {
    ambientInputs,
    leftOut,
    natives,
    bundler,
    libraries,
    sources: () => locator.sources(),
    traceInSources: (trace) => traceInSources(trace, locator),
    callees: new Map(callees.map(({ functionDatumId, captured }) => [functionDatumId, captured])),
  };
}
