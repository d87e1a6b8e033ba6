import { join } from 'node:path';
import {
  type Datum,
  type DatumId,
  type Element,
  type ScalarDatum,
  treeEntries,
} from '@daggerml/object-model';
import type { RunObjects } from '../objects/run-objects.ts';
import { LayOut } from './lay-out.ts';
import { ScriptFailure } from './script-failure.ts';

/** The folder of inputs that are files, and the file with all inputs as JSON, below the working folder. */
export const INPUT_FOLDER = 'inputs';
export const INPUT_FILE = 'inputs.json';

export interface NamedInput {
  readonly name: string;
  readonly datumId: DatumId;
}

/**
 * Lays out the inputs of a script and returns the text of each: of text the text itself, of a blob, bytes or a directory
 * the path of its file or folder, of anything else its JSON. Rejects with a failure for a value that JSON cannot say.
 *
 * @spec DML-EXE-3330
 */
export async function layOutInputs(
  inputs: readonly NamedInput[],
  folder: string,
  objects: RunObjects,
): Promise<Map<string, string>> {
  const writer = new InputWriter(folder, objects);
  const texts = new Map<string, string>();
  const members: string[] = [];
  for (const { name, datumId } of inputs) {
    const json = await writer.jsonOf(objects.readDatum(datumId), datumId, `${INPUT_FOLDER}/${name}`);
    texts.set(name, json.startsWith('"') ? (JSON.parse(json) as string) : json);
    members.push(`${JSON.stringify(name)}: ${json}`);
  }
  new LayOut(objects).bytes(`{${members.join(',\n ')}}\n`, join(folder, INPUT_FILE));
  return texts;
}

/** Writes what is a file in values, and returns the values with paths in its place. */
class InputWriter {
  readonly #folder: string;
  readonly #objects: RunObjects;
  readonly #layOut: LayOut;

  constructor(folder: string, objects: RunObjects) {
    this.#folder = folder;
    this.#objects = objects;
    this.#layOut = new LayOut(objects);
  }

  /** Returns the JSON of a value whose files lie at or below `path`. */
  async jsonOf(datum: Datum, datumId: DatumId | undefined, path: string): Promise<string> {
    switch (datum.kind) {
      case 'blob':
        await this.#layOut.file(datumId as DatumId, join(this.#folder, path));
        return JSON.stringify(path);
      case 'bytes':
        this.#layOut.bytes(datum.value, join(this.#folder, path));
        return JSON.stringify(path);
      case 'list':
      case 'set': {
        const texts: string[] = [];
        for (const element of treeEntries(datum.kind, datum.root, this.#objects))
          texts.push(await this.#elementJson(element as Element, `${path}/${texts.length}`));
        return `[${texts.join(',')}]`;
      }
      case 'map': {
        const entries = this.#layOut.directoryOf(datum);
        if (entries) {
          await this.#layOut.folder(entries, join(this.#folder, path));
          return JSON.stringify(path);
        }
        const texts: string[] = [];
        for (const [key, element] of treeEntries('map', datum.root, this.#objects)) {
          // Keys are any text; numbers are paths everywhere.
          const json = await this.#elementJson(element, `${path}/${texts.length}`);
          texts.push(`${JSON.stringify(key)}:${json}`);
        }
        return `{${texts.join(',')}}`;
      }
      default:
        return scalarJson(datum, path);
    }
  }

  #elementJson(element: Element, path: string): Promise<string> {
    return typeof element === 'string'
      ? this.jsonOf(this.#objects.readDatum(element), element, path)
      : this.jsonOf(element, undefined, path);
  }
}

function scalarJson(datum: ScalarDatum, path: string): string {
  switch (datum.kind) {
    case 'null':
      return 'null';
    case 'i64':
      return String(datum.value);
    case 'f64':
      // @spec DML-EXE-3331
      if (!Number.isFinite(datum.value)) {
        const message = `the input "${path.slice(INPUT_FOLDER.length + 1)}" is ${datum.value}, which JSON cannot say`;
        throw new ScriptFailure('unsupported_value', message);
      }
      return Object.is(datum.value, -0) ? '-0.0' : String(datum.value);
    default:
      return JSON.stringify(datum.value);
  }
}
