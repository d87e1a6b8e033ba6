import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DatumId, readDirectory } from '@daggerml/object-model';
import { parseScriptUri } from '@daggerml/repository';
import { LayOut } from '../script/lay-out.ts';
import { layOutInputs } from '../script/lay-out-inputs.ts';
import { inputVariables, readScript, type Script } from '../script/script.ts';
import { SHELL } from '../script/script-attempt.ts';
import type { LaidOutCode } from './lay-out-function.ts';
import { type LayOutParts, writePieces } from './lay-out-parts.ts';

/**
 * Lays out the files and inputs of a script as it finds them, and a program of the shell that runs its command, without
 * the sandbox.
 *
 * @spec DML-EXE-3624
 */
export async function layOutScript(
  { objects, folder }: LayOutParts,
  uri: string,
  inputIds: readonly DatumId[],
): Promise<LaidOutCode> {
  const script = readScript(parseScriptUri(uri).scriptDatumId, uri, objects);
  const work = join(folder, 'work');
  for (const each of [work, join(folder, 'tmp')]) mkdirSync(each);
  await new LayOut(objects).folder(readDirectory(script.files.root, objects), work);
  const inputs = script.inputs.map((name, at) => ({ name, datumId: inputIds[at] as DatumId }));
  const texts = await layOutInputs(inputs, work, objects);
  writePieces(join(folder, 'run.sh'), [programOf(script, texts)]);
  const { files: _, ...declared } = script;
  return { command: ['sh', 'run.sh'], facts: { script: declared } };
}

const VARIABLE = /^[A-Za-z_]\w*$/;

function programOf({ command, env }: Script, texts: ReadonlyMap<string, string>): string {
  const words =
    typeof command === 'string'
      ? [...SHELL, command, 'script']
      : command.map((word) => (typeof word === 'string' ? word : (texts.get(word.input) ?? '')));
  const own = { LANG: 'C.UTF-8', TZ: 'UTC', ...env, DML_INPUTS: 'inputs.json' };
  const variables = Object.entries({ ...own, ...inputVariables(texts) });
  return [
    '#!/bin/sh',
    '# Runs the command of call.json in the folder work.',
    'cd "$(dirname "$0")/work" || exit 1',
    'export HOME="$PWD" TMPDIR="$PWD/../tmp"',
    ...variables
      .filter(([name]) => VARIABLE.test(name))
      .map(([name, text]) => `export ${name}=${quoted(text)}`),
    `exec ${words.map(quoted).join(' ')}`,
  ].join('\n');
}

/** Returns text as a word of the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
