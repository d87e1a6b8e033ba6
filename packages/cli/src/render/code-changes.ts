import type { FileChange, FunctionChanges } from '@daggerml/repository';
import type { Output } from './output.ts';

/** Returns what changed in the code of a function: a diff of each source file, then libraries. @spec DML-CLI-1721 */
export function codeChangeLines({ files, libraries, bundler }: FunctionChanges, output: Output): string[] {
  return [
    ...files.flatMap((file) => ['', ...fileChangeLines(file, output)]),
    ...libraryChangeLines({ libraries, bundler }, output),
  ];
}

/** Returns the unified diff of a source file, below its names. */
export function fileChangeLines({ path, kind, diff }: FileChange, output: Output): string[] {
  return [
    output.style('bold', output.safe(`--- ${kind === 'added' ? '/dev/null' : path}`)),
    output.style('bold', output.safe(`+++ ${kind === 'removed' ? '/dev/null' : path}`)),
    ...(diff ?? ['(the content is gone)']).map((line) => coloured(line, output)),
  ];
}

/** Returns a line for each library, and for the bundler, that changed. */
export function libraryChangeLines(
  { libraries, bundler }: Pick<FunctionChanges, 'libraries' | 'bundler'>,
  output: Output,
): string[] {
  return [
    ...libraries.map(
      ({ name, before, after }) =>
        `library   ${output.safe(`${name}: ${before ?? 'not used'} before, ${after ?? 'not used'} now`)}`,
    ),
    ...(bundler === undefined
      ? []
      : [`bundler   ${output.safe(`${bundler.before} before, ${bundler.after} now`)}`]),
  ];
}

function coloured(line: string, output: Output): string {
  const text = output.safe(line);
  if (line.startsWith('+')) return output.style('green', text);
  if (line.startsWith('-')) return output.style('red', text);
  return line.startsWith('@@') ? output.style('cyan', text) : text;
}
