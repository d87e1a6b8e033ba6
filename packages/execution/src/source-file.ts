import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { threadCode } from '@daggerml/capture';

/** Returns the path of a program of this package; from sources it is the one that was built last. */
export function programFile(name: string): string {
  const own = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  return existsSync(own) ? own : fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));
}

/** Main modules of threads that were compiled from TypeScript sources, by their paths. */
const compiled = new Map<string, string>();

/**
 * Starts a thread whose main module is one of this package: the compiled file when it is built; when run from sources,
 * code that is compiled at most once per process.
 */
export function startThread(name: string, options: WorkerOptions): Worker {
  const built = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  if (existsSync(built)) return new Worker(pathToFileURL(built), options);
  const path = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  let source = compiled.get(path);
  if (source === undefined) {
    // In a function of its own, since declarations of a script are globals, which are compared.
    source = threadCode(path, { format: 'iife' });
    compiled.set(path, source);
  }
  return new Worker(source, { ...options, eval: true });
}
