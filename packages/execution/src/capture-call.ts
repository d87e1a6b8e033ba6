import type { AmbientKind, FunctionCapture, FunctionRef } from '@daggerml/capture';
import type { DatumId } from '@daggerml/object-model';
import { formatFunctionUri } from '@daggerml/repository';
import { lowerContent } from '@daggerml/values';
import type { CaptureTools } from './files/capture-tools.ts';
import { capturedFacts, KnownCode, type KnownFunction } from './files/known-code.ts';
import type { CallSpec } from './run/callee.ts';

/** Captures a function and stores the datum that names it, unless the store knows it from an earlier process. */
export function captureCall(reference: FunctionRef, capture: FunctionCapture, tools: CaptureTools): CallSpec {
  const { moduleUrl, exportName, options, allow } = reference;
  const known = new KnownCode(tools, { moduleUrl, exportName });
  // @spec DML-CAP-2900
  const found = known.find() ?? captureNow();
  return allowing({ ...found, label: options.label, options }, allow);

  function captureNow(): KnownFunction {
    // @spec DML-EXE-0523
    const captured = capture.capture({ moduleUrl, exportName });
    const blob = lowerContent(captured.bundle, tools.objects);
    const bundleDatumId: DatumId = tools.objects.put(blob as NonNullable<typeof blob>);
    const functionDatumId = tools.objects.put({
      type: 'datum',
      kind: 'uri',
      value: formatFunctionUri({ bundleDatumId, exportName }),
      // @spec DML-EXE-0502
      attachmentDatumId: bundleDatumId,
    });
    known.keep(functionDatumId, captured);
    return { functionDatumId, captured: capturedFacts(captured) };
  }
}

/** Returns a call without the reads that its author allows. */
export function allowing(spec: CallSpec, allow: readonly AmbientKind[]): CallSpec {
  const { captured } = spec;
  if (!captured || allow.length === 0) return spec;
  // @spec DML-EXE-1106
  const ambientInputs = captured.ambientInputs.filter(({ kind }) => !allow.includes(kind));
  return { ...spec, captured: { ...captured, ambientInputs } };
}
