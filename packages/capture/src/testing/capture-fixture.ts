import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDmlError } from '@daggerml/object-model';
import { type CapturedFunction, FunctionCapture } from '../bundle/capture.ts';

export type SourceFiles = Readonly<Record<string, string>>;

/** Folders of source files, and what capturing them yields. */
export class CaptureFixture {
  readonly root: string = mkdtempSync(join(tmpdir(), 'dml-capture-'));
  readonly #name: string;
  #folders = 0;

  /** Creates a fixture whose folders begin with a name. */
  constructor(name = 'folder') {
    this.#name = name;
  }

  /** Writes the files into a fresh folder. */
  write(files: SourceFiles, folder = `${this.#name}-${this.#folders++}`): string {
    const path = join(this.root, folder);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
    }
    return path;
  }

  /** Captures one export of `steps.ts`, or of another file of the folder. */
  capture(files: SourceFiles | string, exportName = 'clean', file = 'steps.ts'): CapturedFunction {
    const folder = this.write(typeof files === 'string' ? { 'steps.ts': files } : files);
    return new FunctionCapture().capture({ moduleUrl: moduleIn(folder, file), exportName });
  }

  /** Returns what the refusal of a capture says, with the path of its file below that of the sources. */
  refusal(
    files: SourceFiles | string,
    exportName = 'clean',
    file = 'steps.ts',
  ): { readonly file: string; readonly line: number; readonly reason: string } {
    try {
      this.capture(files, exportName, file);
    } catch (error) {
      if (!isDmlError(error) || error.code !== 'capture_failed') throw error;
      const { file: at, line, reason } = error.fields as { file: string; line: number; reason: string };
      return { file: at.slice(this.root.length).replace(/^.folder-\d+./, ''), line, reason };
    }
    throw new Error('it was captured');
  }

  bundleOf(files: SourceFiles | string, exportName = 'clean', file = 'steps.ts'): string {
    return new TextDecoder().decode(this.capture(files, exportName, file).bundle);
  }

  /** Loads the bundle of an export, in this very thread, and calls it. */
  async call(
    files: SourceFiles | string,
    inputs: readonly unknown[] = [],
    exportName = 'clean',
    file = 'steps.ts',
  ): Promise<unknown> {
    const path = join(this.root, `bundle-${this.#folders++}.mjs`);
    writeFileSync(path, this.bundleOf(files, exportName, file));
    const module = (await import(pathToFileURL(path).href)) as Record<
      string,
      (...inputs: unknown[]) => unknown
    >;
    return module[exportName]?.(...inputs);
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Returns the URL of a file in a folder of sources. */
export function moduleIn(folder: string, file = 'steps.ts'): string {
  return pathToFileURL(join(folder, file)).href;
}
