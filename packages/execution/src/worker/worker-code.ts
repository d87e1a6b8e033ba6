import { threadCode } from '@daggerml/capture';

/** The main module of a worker thread: a compiled file, or code that was compiled from TypeScript sources. */
export interface WorkerCode {
  readonly path: string;
  readonly source: string | undefined;
}

const compiled = new Map<string, WorkerCode>();

/** Returns the code of a worker's main module, compiled at most once per process. */
export function workerCode(path: string): WorkerCode {
  if (path.endsWith('.js')) return { path, source: undefined };
  let code = compiled.get(path);
  if (!code) {
    // In a function of its own, since declarations of a script are globals, which are compared.
    code = { path, source: threadCode(path, { format: 'iife' }) };
    compiled.set(path, code);
  }
  return code;
}
