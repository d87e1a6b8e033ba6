import { inspect } from 'node:util';
import { captureError } from '@daggerml/capture';

/** Holds what a pipeline does to the process apart from the promise that it returns. */
export interface PipelineGuard {
  /** Aborted with an error `pipeline_threw` when something escaped the pipeline. */
  readonly signal: AbortSignal;
  release(): void;
}

/**
 * Turns an error that nobody catches, a rejection that nobody handles and a call of `process.exit` into a
 * failure of the pipeline: none of them may end the process as if it were done, or with calls still running.
 */
export function guardPipeline(file: string): PipelineGuard {
  const escaped = new AbortController();
  const fail = (cause: unknown): void => {
    const reason = cause instanceof Error ? cause.message : inspect(cause);
    // @spec DML-CLI-1205
    escaped.abort(captureError('pipeline_threw', { file, reason }, cause));
  };
  const { exit } = process;
  const refuseExit = (code?: number | string | null): never => {
    const error = new Error(
      `process.exit(${code ?? ''}) was called; a pipeline ends by returning or throwing`,
    );
    Error.captureStackTrace(error, refuseExit);
    throw error;
  };
  process.exit = refuseExit;
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  return {
    signal: escaped.signal,
    release: () => {
      process.exit = exit;
      process.off('uncaughtException', fail);
      process.off('unhandledRejection', fail);
    },
  };
}
