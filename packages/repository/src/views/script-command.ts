import { treeEntries } from '@daggerml/object-model';
import { adapterNameOf, parseScriptUri, SCRIPT_ADAPTER } from '../nodes/function-uri.ts';
import type { RecordSource } from '../nodes/stored-value.ts';
import { valueJson } from './value-json.ts';

/** Command of a script: text for a shell, or words, of which some are the texts of inputs. */
export type ScriptCommand = string | readonly (string | { readonly input: string })[];

/** Returns the command of the script that a URI names; undefined for any other function, and for one that is not here. */
export function scriptCommand(source: RecordSource, uri: string): ScriptCommand | undefined {
  if (adapterNameOf(uri) !== SCRIPT_ADAPTER) return undefined;
  const { scriptDatumId } = parseScriptUri(uri);
  const script = source.read('datum', scriptDatumId);
  if (script.kind !== 'map') return undefined;
  for (const [key, element] of treeEntries('map', script.root, source)) {
    if (key !== 'command') continue;
    const datum = typeof element === 'string' ? source.read('datum', element) : element;
    return JSON.parse([...valueJson(source, datum)].join('')) as ScriptCommand;
  }
  return undefined;
}

/** Returns a command on one line; inputs stand as their names between angle brackets. */
export function commandText(command: ScriptCommand): string {
  if (typeof command === 'string') return command.trim().replace(/\s*\n\s*/g, '; ');
  return command.map((word) => (typeof word === 'string' ? quoted(word) : `<${word.input}>`)).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
