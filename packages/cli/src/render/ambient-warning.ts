import type { AmbientInput, AmbientKind } from '@daggerml/capture';
import { shortPath } from './source-position.ts';

/** Outside read of a function in a pipeline, as `dml run --json` lists it. */
export interface AmbientWarning {
  readonly function: string;
  readonly kind: AmbientKind;
  readonly what: string;
  /** Relative to the current folder when it is below it. */
  readonly file: string;
  readonly line: number;
}

/** Returns the warnings about one function. */
export function ambientWarnings(
  functionName: string,
  ambientInputs: readonly AmbientInput[],
  cwd: string | undefined,
): readonly AmbientWarning[] {
  return ambientInputs.map(({ kind, what, file, line }) => ({
    function: functionName,
    kind,
    what,
    file: shortPath(file, cwd),
    line,
  }));
}

/** Returns two lines: what a function reads, what follows from it, and the next step. */
export function warningLines(functionName: string, warnings: readonly AmbientWarning[]): readonly string[] {
  const kinds = [...new Set(warnings.map(({ kind }) => kind))];
  const read = kinds.map((kind) => kindWords[kind]).join(' and ');
  const places = warnings.map(({ what, file, line }) => `${what} at ${file}:${line}`).join(', ');
  const allowed = kinds.map((kind) => `'${kind}'`).join(', ');
  const remedy = kinds.includes('files')
    ? 'give files as inputs (dag.file) and other things as arguments'
    : 'give it as an argument';
  return [
    `${functionName} depends on ${read} (${places}): a change there will not run its calls again;`,
    `${remedy}, or allow it: functions(url, { allow: [${allowed}] })`,
  ];
}

/** Returns two lines: the module of the author that a function leaves out, and the next step. */
export function leftOutLines(functionName: string, path: string): readonly string[] {
  return [
    `${functionName} leaves out ${path}, which does something when it is loaded: it uses no name of it;`,
    "where that effect is wanted, import the file without names: import './file.ts'",
  ];
}

const kindWords: Readonly<Record<AmbientKind, string>> = {
  files: 'files',
  network: 'the network',
  processes: 'other programs',
  clock: 'the clock',
  randomness: 'random numbers',
  environment: 'the environment',
};
