import { lstatSync, readdirSync, readFileSync, realpathSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { type DatumId, isDmlError } from '@daggerml/object-model';
import { liftDatum, lowerValue } from '@daggerml/values';
import { captureFolder } from '../files/capture-folder.ts';
import { FileIntake } from '../files/file-intake.ts';
import { nodeFileSystem } from '../files/file-system.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { INPUT_FILE, INPUT_FOLDER } from './lay-out-inputs.ts';
import { isSingle, type ScriptDeclaration, type ScriptOutput, STDOUT } from './script.ts';
import { AttemptLost, ScriptFailure } from './script-failure.ts';

/** Leftovers of a script: its working folder, and the file with what it printed where that is an output. */
export interface Leftovers {
  readonly folder: string;
  readonly stdout: string;
  /** Bytes of all outputs together. */
  readonly maxBytes: number;
}

/** A file of memory that is never known again: it is gone with the attempt. */
const fileSystem = {
  ...nodeFileSystem,
  statfsSync: (() => {
    throw new Error('no file of an attempt is remembered');
  }) as typeof nodeFileSystem.statfsSync,
};

/** Stores the outputs of a script that ended well and returns its result. Rejects with what is wrong with one of them. */
export async function takeOutputs(
  outputs: ScriptDeclaration['outputs'],
  left: Leftovers,
  objects: RunObjects,
): Promise<DatumId> {
  const taking = new OutputTaking(left, objects);
  if (isSingle(outputs)) return taking.take(outputs);
  const result: Record<string, unknown> = {};
  for (const [name, output] of Object.entries(outputs))
    result[name] = liftDatum(objects, await taking.take(output));
  return lowerValue(result, objects, 'result');
}

class OutputTaking {
  readonly #left: Leftovers;
  readonly #objects: RunObjects;
  #bytes = 0;

  constructor(left: Leftovers, objects: RunObjects) {
    this.#left = left;
    this.#objects = objects;
  }

  async take(output: ScriptOutput): Promise<DatumId> {
    const place = this.#placeOf(output);
    const { path, form } = output;
    const stats = lstatSync(place);
    if (form === 'folder') {
      if (!stats.isDirectory())
        throw invalid(
          path,
          `is ${kindOf(stats)}, and was declared as a folder: leave the slash at its end away`,
        );
      this.#checkFolder(place, path);
      return this.#folder(place);
    }
    if (!stats.isFile()) {
      const advice = stats.isDirectory() ? `: write "${path}/" to declare a folder` : '';
      throw invalid(path, `is ${kindOf(stats)}, and was declared as a file${advice}`);
    }
    this.#count(stats);
    switch (form) {
      case 'file':
        return this.#file(place, stats);
      case 'text':
        return this.#lowered(textOf(place, path), path);
      case 'json':
        return this.#json(place, path);
    }
  }

  /** Returns where an output is; that is in the working folder, whatever links there are. */
  #placeOf({ path }: ScriptOutput): string {
    const { folder, stdout } = this.#left;
    if (path === STDOUT) return stdout;
    let place: string;
    try {
      place = realpathSync(join(folder, path));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw invalid(path, `cannot be read (${code})`);
      throw this.#missing(path);
    }
    // @spec DML-EXE-3346
    if (!place.startsWith(`${realpathSync(folder)}/`))
      throw invalid(path, 'is a link that leads out of the working folder');
    return place;
  }

  /** @spec DML-EXE-3344 */
  #missing(path: string): ScriptFailure {
    const own = [INPUT_FOLDER, INPUT_FILE];
    const there = readdirSync(this.#left.folder).filter((name) => !own.includes(name));
    const shown = there.slice(0, 8).join(', ') + (there.length > 8 ? `, ${there.length - 8} more` : '');
    return new ScriptFailure(
      'output_missing',
      `the output "${path}" was declared and not written; ${there.length === 0 ? 'nothing was' : `there are: ${shown}`}`,
    );
  }

  #checkFolder(place: string, path: string): void {
    const inside = `${realpathSync(place)}/`;
    for (const entry of readdirSync(place, { withFileTypes: true, recursive: true })) {
      const at = join(entry.parentPath, entry.name);
      const shown = join(path, at.slice(place.length + 1));
      if (entry.isFile()) this.#count(lstatSync(at));
      else if (entry.isSymbolicLink()) {
        let leadsTo: string;
        try {
          leadsTo = realpathSync(at);
        } catch {
          throw invalid(shown, 'is a link to what is not there');
        }
        if (!`${leadsTo}/`.startsWith(inside)) throw invalid(shown, 'is a link that leads out of the output');
      } else if (!entry.isDirectory()) throw invalid(shown, `is ${kindOf(lstatSync(at))}`);
    }
  }

  async #file(place: string, identity: Stats): Promise<DatumId> {
    const intake = new FileIntake(nodeFileSystem, this.#objects);
    const seen = { place, identity, isLinked: false };
    const known = intake.isSmall(seen) ? intake.takeSmall(seen) : undefined;
    return known ?? (await intake.take(seen)).datumId;
  }

  async #folder(folder: string): Promise<DatumId> {
    const tools = {
      fileSystem,
      objects: this.#objects,
      nowMs: Date.now,
      knowsFiles: false,
      assertOpen: () => {},
    };
    const request = { folder, keepsForms: true, all: true, filter: () => true, isRepository: () => false };
    try {
      return await captureFolder(tools, request, { onProgress: () => {}, onTaken: () => {} });
    } catch (error) {
      if (!isDmlError(error, 'unreadable_file')) throw error;
      throw invalid(
        String(error.fields.path).slice(folder.length + 1),
        `cannot be taken: ${error.fields.reason}`,
      );
    }
  }

  /** @spec DML-EXE-3345 */
  #json(place: string, path: string): DatumId {
    const text = textOf(place, path);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      const isEmpty = text.trim() === '';
      const reason = isEmpty ? 'it is empty' : (error as Error).message;
      throw invalid(path, `is no JSON: ${reason}`);
    }
    return this.#lowered(value, path);
  }

  #lowered(value: unknown, path: string): DatumId {
    try {
      return lowerValue(value, this.#objects, path);
    } catch (error) {
      if (!isDmlError(error, 'unsupported_value')) throw error;
      const { found, instead } = error.fields;
      throw invalid(path, `cannot be stored: it has ${found}${instead ? ', so declare it as a file' : ''}`);
    }
  }

  #count({ size }: Stats): void {
    this.#bytes += size;
    // @spec DML-EXE-3347
    if (this.#bytes > this.#left.maxBytes) throw tooLarge(this.#left.maxBytes);
  }
}

/** Returns the failure of a script whose outputs are larger than they may be. */
export function tooLarge(maxBytes: number): AttemptLost {
  return new AttemptLost(
    'limit_exceeded',
    `its outputs are larger than ${maxBytes / 1024 / 1024} MB; maxOutputMb raises the limit`,
  );
}

function textOf(place: string, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(place));
  } catch {
    throw invalid(path, 'is no UTF-8 text; declare it as a file');
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFile()) return 'a file';
  return stats.isFIFO() ? 'a named pipe' : stats.isSocket() ? 'a socket' : 'a device';
}

function invalid(path: string, what: string): ScriptFailure {
  const shown = path === STDOUT ? 'what it printed' : `the output "${path}"`;
  return new ScriptFailure('output_invalid', `${shown} ${what}`);
}
