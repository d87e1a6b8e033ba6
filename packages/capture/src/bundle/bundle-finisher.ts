import { type AmbientInput, ambientInputs } from './ambient-inputs.ts';
import { type BundledExport, codeOf, requiresBuiltins } from './bundle-export.ts';
import { type CaptureMemo, memoKey } from './capture-memo.ts';
import { captureVersion } from './capture-version.ts';
import type { CodeText } from './code-text.ts';
import { identityForm, needed } from './identity-form.ts';
import { planPlaces, refusePlaces } from './module-place.ts';

/** A bundle in its final form. */
export interface FinishedBundle {
  /** UTF-8. */
  readonly bundle: Uint8Array;
  readonly ambientInputs: readonly AmbientInput[];
  /** The bundle with the places of its sources; made anew where the bundle was known. */
  readonly code: () => CodeText;
}

/** What is kept of a bundle: which other form of the code decides, or what `FinishedBundle` says. */
type KeptResult = { readonly needsPlain: true } | { readonly ambientInputs: readonly AmbientInput[] };

/**
 * Makes final bundles of what the bundler wrote, which is a function of its output, of the folder that the places in
 * it begin from and of the code that does it: results are kept under the digest of exactly these.
 */
export class BundleFinisher {
  readonly #memo: CaptureMemo | undefined;

  constructor(memo: CaptureMemo | undefined) {
    this.#memo = memo;
  }

  /** `bundleInPlain` is asked for the same export in plain style if that decides. Throws `capture_failed`. */
  finish(short: BundledExport, bundleInPlain: () => BundledExport): FinishedBundle {
    let plain: BundledExport | undefined;
    const inPlain = (): BundledExport => {
      plain ??= bundleInPlain();
      return plain;
    };
    const version = this.#memo && captureVersion();
    if (!this.#memo || version === undefined) return finished(short, inPlain);
    // @spec DML-EXE-0529
    const keyOf = (...all: BundledExport[]): string =>
      memoKey([version, ...all.flatMap(({ folder, text, sourceMap }) => [folder, text, sourceMap])]);
    const kept = this.#known(keyOf(short));
    const known = kept && 'needsPlain' in kept.result ? this.#known(keyOf(short, inPlain())) : kept;
    if (known && 'ambientInputs' in known.result) {
      const { bundle, result } = known;
      return { bundle, ambientInputs: result.ambientInputs, code: () => finished(short, inPlain).code() };
    }
    const made = finished(short, inPlain);
    if (plain !== undefined) this.#keep(keyOf(short), { needsPlain: true });
    this.#keep(plain === undefined ? keyOf(short) : keyOf(short, plain), made, made.bundle);
    return made;
  }

  #known(key: string): { readonly bundle: Uint8Array; readonly result: KeptResult } | undefined {
    const bytes = this.#memo?.get(key);
    if (!bytes) return undefined;
    const end = bytes.indexOf('\n');
    return {
      result: JSON.parse(bytes.toString('utf8', 0, end)) as KeptResult,
      bundle: bytes.subarray(end + 1),
    };
  }

  #keep(key: string, result: KeptResult, bundle: Uint8Array = new Uint8Array()): void {
    const head = 'needsPlain' in result ? { needsPlain: true } : { ambientInputs: result.ambientInputs };
    this.#memo?.put(key, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), bundle]));
  }
}

function finished(bundled: BundledExport, inPlain: () => BundledExport): FinishedBundle {
  const whole = codeOf(bundled);
  const short = needed(whole);
  refusePlaces(short);
  const form = identityForm(short, () => needed(codeOf(inPlain())));
  const banner = requiresBuiltins(whole) ? [{ start: 0, end: 0, text: requireBanner }] : [];
  const code = form.edited([...banner, ...planPlaces(form)]);
  return {
    // @spec DML-EXE-0506
    bundle: new TextEncoder().encode(code.text),
    ambientInputs: ambientInputs(short),
    code: () => code,
  };
}

const requireBanner =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);\n';
