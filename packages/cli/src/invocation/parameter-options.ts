import { readFileSync, statSync } from 'node:fs';
import { bindingsError, bindParameters, type LoadedPipeline, parameterFromText } from '@daggerml/bindings';
import { formatSize, isDmlError, nfcText } from '@daggerml/object-model';
import { absolutePath } from '../process/current-folder.ts';
import { errnoOf } from '../process/errno.ts';
import { cliError } from '../wording/cli-error.ts';
import type { CommandContext } from './command.ts';

/** Parameters that a run gives, by name. */
export type Parameters = Readonly<Record<string, unknown>>;

/** A file above this is data that was named by mistake. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * Returns the parameters of each run that a command line asks for, checked against the pipeline before anything runs:
 * one run, or one for each entry of a file with a list. What `--param` gives holds for every run.
 */
export function parametersOfRuns(
  context: CommandContext,
  { pipeline }: Pick<LoadedPipeline, 'pipeline'>,
): { readonly runs: readonly Parameters[]; readonly isGrid: boolean } {
  const given = textsOf(context);
  const { entries, isGrid } = entriesOf(context);
  // @spec DML-CLI-1760
  const own = Object.fromEntries(
    [...given].map(([name, text]) => [name, parameterFromText(pipeline, name, text)]),
  );
  const runs = entries.map((entry, at) => {
    const parameters = { ...entry, ...own };
    try {
      bindParameters(pipeline, parameters);
    } catch (error) {
      throw isGrid ? ofEntry(error, at + 1) : error;
    }
    return parameters;
  });
  return { runs, isGrid };
}

/** Returns the error of parameters with the number of their entry. */
function ofEntry(error: unknown, entry: number): unknown {
  if (!isDmlError(error)) return error;
  const { code, fields, detail } = error;
  if (code !== 'unknown_parameter' && code !== 'invalid_parameter') return error;
  return bindingsError(code, { ...fields, entry }, error, detail);
}

/** Returns the texts of `--param` by name. */
function textsOf({ options }: CommandContext): Map<string, string> {
  const texts = new Map<string, string>();
  for (const option of (options.param ?? []) as readonly string[]) {
    const at = option.indexOf('=');
    if (at < 1) throw misuse(`--param takes <name>=<value>, not "${option}"`);
    const name = nfcText(option.slice(0, at));
    // @spec DML-CLI-1761
    if (texts.has(name))
      throw misuse(
        `--param gives "${name}" twice; for one run per value give --param-file a file such as [{"${name}": …}, {"${name}": …}]`,
      );
    texts.set(name, option.slice(at + 1));
  }
  return texts;
}

/** Returns the entries of `--param-file`; one without a parameter when there is no file. */
function entriesOf(context: CommandContext): {
  readonly entries: readonly Parameters[];
  readonly isGrid: boolean;
} {
  const { io, options } = context;
  if (options.paramFile === undefined) return { entries: [{}], isGrid: false };
  const shown = String(options.paramFile);
  const content = contentOf(absolutePath(io, shown), shown);
  // @spec DML-CLI-1763
  const isGrid = Array.isArray(content);
  const entries: readonly unknown[] = isGrid ? content : [content];
  const wrong = entries.findIndex(
    (entry) => typeof entry !== 'object' || entry === null || Array.isArray(entry),
  );
  // @spec DML-CLI-1764
  if (wrong >= 0 || entries.length === 0)
    throw misuse(
      `--param-file: "${shown}" must hold an object of parameters or a list of such objects${entries.length === 0 ? ', and its list is empty' : isGrid ? `, and entry ${wrong + 1} is none` : ''}`,
    );
  return { entries: entries as readonly Parameters[], isGrid };
}

function contentOf(path: string, shown: string): unknown {
  try {
    const found = statSync(path);
    if (!found.isFile()) throw misuse(`--param-file: "${shown}" is not a regular file`);
    if (found.size > MAX_FILE_BYTES)
      throw misuse(
        `--param-file: "${shown}" has ${formatSize(found.size)}, more than any file of parameters`,
      );
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    if (cause instanceof SyntaxError)
      throw misuse(`--param-file: "${shown}" is not JSON: ${cause.message}`, cause);
    if (isDmlError(cause)) throw cause;
    throw misuse(`--param-file: "${shown}" cannot be read (${errnoOf(cause)})`, cause);
  }
}

function misuse(problem: string, cause?: unknown): Error {
  return cliError('invalid_argument', { problem, command: 'run' }, cause);
}
