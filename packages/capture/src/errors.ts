import { type ErrorBuilder, errorBuilder } from '@daggerml/object-model';

/**
 * Codes of code that cannot be captured and of modules that hold no pipeline.
 *
 * @spec DML-CAP-0201
 */
export type CaptureErrorCode =
  | 'capture_failed'
  | 'pipeline_missing'
  | 'pipeline_threw'
  | 'not_a_pipeline'
  | 'ambiguous_pipeline'
  | 'no_temporary_folder';

const MESSAGES: Readonly<
  Record<CaptureErrorCode, string> & Partial<Record<`${CaptureErrorCode}/${string}`, string>>
> = {
  capture_failed: 'a function cannot be captured: {reason}[; its file exports: {exports}]',
  pipeline_missing: 'there is no file "{file}"',
  pipeline_threw: '{reason}',
  not_a_pipeline: '"{file}" exports no pipeline[ named "{wanted}"; it exports: {pipelines}]',
  'not_a_pipeline/ops': '"{file}" exports a pipeline of ops, and none of calls',
  'not_a_pipeline/calls': '"{file}" exports a pipeline of calls, and none of ops',
  ambiguous_pipeline: '"{file}" exports several pipelines: {pipelines}',
  no_temporary_folder: 'no folder for temporary files can be made in "{folder}" ({reason})',
};

/** Creates an error of this package; `fields` are facts for the caller, never payload bytes. */
export const captureError: ErrorBuilder<CaptureErrorCode> = errorBuilder(MESSAGES);
