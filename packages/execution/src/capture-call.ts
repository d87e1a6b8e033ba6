import { type AmbientKind, type FunctionCapture, type FunctionRef, traceInSources } from '@daggerml/capture';
import type { DatumId } from '@daggerml/object-model';
import { formatFunctionUri } from '@daggerml/repository';
import { lowerContent } from '@daggerml/values';
import type { RunObjects } from './objects/run-objects.ts';
import type { CallSpec } from './run/callee.ts';

/** Captures a function and stores the datum that names it. */
export function captureCall(
  { moduleUrl, exportName, options, allow }: FunctionRef,
  capture: FunctionCapture,
  objects: RunObjects,
): CallSpec {
  // @spec DML-EXE-0523
  const { bundle, ambientInputs, leftOut, natives, bundler, locator } = capture.capture({
    moduleUrl,
    exportName,
  });
  const blob = lowerContent(bundle, objects);
  const bundleDatumId: DatumId = objects.put(blob as NonNullable<typeof blob>);
  const functionDatumId = objects.put({
    type: 'datum',
    kind: 'uri',
    value: formatFunctionUri({ bundleDatumId, exportName }),
    // @spec DML-EXE-0502
    attachmentDatumId: bundleDatumId,
  });
  const captured = {
    ambientInputs,
    leftOut,
    natives,
    bundler,
    traceInSources: (trace: readonly string[]) => traceInSources(trace, locator),
  };
  return allowing({ functionDatumId, label: options.label, options, captured }, allow);
}

/** Returns a call without the reads that its author allows. */
export function allowing(spec: CallSpec, allow: readonly AmbientKind[]): CallSpec {
  const { captured } = spec;
  if (!captured || allow.length === 0) return spec;
  // @spec DML-EXE-1106
  const ambientInputs = captured.ambientInputs.filter(({ kind }) => !allow.includes(kind));
  return { ...spec, captured: { ...captured, ambientInputs } };
}
