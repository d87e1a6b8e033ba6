import {
  type AmbientKind,
  type CapturedFunction,
  captureError,
  type FunctionCapture,
  type FunctionRef,
} from '@daggerml/capture';
import type { DatumId } from '@daggerml/object-model';
import { formatFunctionUri, nearest } from '@daggerml/repository';
import { lowerContent } from '@daggerml/values';
import type { CaptureTools } from './files/capture-tools.ts';
import { capturedFacts, KnownCode, type KnownFunction } from './files/known-code.ts';
import type { CallSpec } from './run/callee.ts';
import { putCallees } from './run/callees.ts';

/** Captures a function and stores the datum that names it, unless the store knows it from an earlier process. */
export function captureCall(reference: FunctionRef, capture: FunctionCapture, tools: CaptureTools): CallSpec {
  const { moduleUrl, exportName, options, allow } = reference;
  const known = new KnownCode(tools, { moduleUrl, exportName });
  // @spec DML-CAP-2900
  // @spec DML-EXE-0523
  const found = known.find() ?? storeFunction(capture.capture({ moduleUrl, exportName }), known, tools);
  return allowing({ ...found, label: options.label, options }, allow);
}

/** Stores a captured function, after those that it calls as calls of their own, and remembers it. */
function storeFunction(captured: CapturedFunction, known: KnownCode, tools: CaptureTools): KnownFunction {
  const { objects } = tools;
  const blob = lowerContent(captured.bundle, objects);
  const bundleDatumId: DatumId = objects.put(blob as NonNullable<typeof blob>);
  const callees = captured.callees.map((callee) =>
    storeFunction(callee.captured, new KnownCode(tools, callee), tools),
  );
  const calleesDatumId = putCallees(bundleDatumId, callees, objects);
  const { exportName } = captured;
  const functionDatumId = objects.put({
    type: 'datum',
    kind: 'uri',
    value: formatFunctionUri({ bundleDatumId, exportName, calleesDatumId }),
    // @spec DML-EXE-0502
    attachmentDatumId: calleesDatumId ?? bundleDatumId,
  });
  known.keep(functionDatumId, captured);
  return { functionDatumId, captured: capturedFacts(captured, callees) };
}

/** The kinds of reads that an author can allow. */
const AMBIENT_KINDS: Readonly<Record<AmbientKind, true>> = {
  files: true,
  network: true,
  processes: true,
  clock: true,
  randomness: true,
  environment: true,
};

/** @spec DML-EXE-2901 */
function unknownKind(kind: string): Error {
  const known = Object.keys(AMBIENT_KINDS);
  const [meant = known.join(', ')] = nearest(kind, known, 1);
  const reason = `its option allow has "${kind}", which is no kind of reads; use ${meant}`;
  return captureError('capture_failed', { reason });
}

/** Returns a call without the reads that its author allows. Throws `capture_failed` for a kind that there is not. */
export function allowing(spec: CallSpec, allow: readonly AmbientKind[]): CallSpec {
  const { captured } = spec;
  if (!captured || allow.length === 0) return spec;
  for (const kind of allow) if (!Object.hasOwn(AMBIENT_KINDS, kind)) throw unknownKind(kind);
  // @spec DML-EXE-1106
  const ambientInputs = captured.ambientInputs.filter(({ kind }) => !allow.includes(kind));
  return { ...spec, captured: { ...captured, ambientInputs } };
}
