import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { compileInThread } from '../bundle/capture-thread.ts';
import { captureError } from '../errors.ts';
import { provideAuthoring } from './own-names.ts';

/**
 * Loads a TypeScript or JavaScript module with its relative imports, on any supported version of Node.
 *
 * Relative imports are compiled into one file; packages stay what Node makes of them, resolved from the file
 * that names them. `import.meta` of every file speaks of that file. Each call loads the module again. Throws
 * `pipeline_threw` for code that cannot be compiled or that throws while it is loaded.
 */
export async function loadModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  const file = resolve(path);
  if (!existsSync(file)) throw captureError('pipeline_missing', { file });
  const code = await compileInThread(file);
  const folder = scratchFolder(file);
  const compiled = join(folder, COMPILED);
  try {
    writeFileSync(compiled, code);
    provideAuthoring();
    process.setSourceMapsEnabled(true);
    return (await import(/* @vite-ignore */ pathToFileURL(compiled).href)) as Record<string, unknown>;
  } catch (error) {
    throw captureError('pipeline_threw', { file, reason: reasonOf(error) }, error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const COMPILED = 'module.mjs';

/** Returns a folder from which packages resolve as from the module: the nearest writable `node_modules`. */
function scratchFolder(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules');
    if (existsSync(modules)) {
      try {
        return mkdtempSync(join(modules, '.daggerml-'));
      } catch {
        break;
      }
    }
    if (folder === dirname(folder)) break;
  }
  try {
    return mkdtempSync(join(tmpdir(), 'daggerml-'));
  } catch (cause) {
    // @spec DML-CAP-2907
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw captureError('no_temporary_folder', { folder: tmpdir(), reason }, cause);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : typeof error === 'string' ? error : inspect(error);
}
