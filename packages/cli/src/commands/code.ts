import type { CapturedFunction } from '@daggerml/capture';
import { formatSize, nfcText, sha256Hex } from '@daggerml/object-model';
import type { CommandContext } from '../invocation/command.ts';
import { absolutePath, knownFolder } from '../process/current-folder.ts';
import { refuseUnusable } from '../process/source-file.ts';
import { ambientWarnings, leftOutLines, warningLines } from '../render/ambient-warning.ts';
import { formatColumns } from '../render/columns.ts';
import { shortPath } from '../render/source-position.ts';

/** Digits of a hash that are enough to compare it by eye. */
const SHOWN_DIGITS = 12;

/** Package, or file of the author, whose code a bundle holds. */
interface Part {
  readonly name: string;
  readonly sizeBytes: number;
}

/** Runs `dml code <file> <function>`. */
export async function run(context: CommandContext): Promise<void> {
  const { io, args, output } = context;
  const [file = '', given = ''] = args;
  const name = nfcText(given);
  const path = absolutePath(io, file);
  refuseUnusable(path);
  const { FunctionCapture, installedPackageOf } = await import('@daggerml/capture');
  const captured = new FunctionCapture().capture({ moduleUrl: path, exportName: name });
  const cwd = knownFolder(io);
  const warnings = ambientWarnings(name, captured.ambientInputs, cwd);
  const leftOut = captured.leftOut.map((left) => shortPath(left, cwd));
  const sizeBytes = captured.bundle.length;
  const sha256 = sha256Hex(captured.bundle);
  const nameOf = (at: string): string => installedPackageOf(at)?.name ?? shortPath(at, cwd);
  const parts = partsOf(captured, nameOf);
  const natives = captured.natives.map(({ name, version, sha256 }) => ({ name, version, sha256 }));
  // @spec DML-CLI-1571
  output.result({ functionName: name, sizeBytes, sha256, parts, natives, warnings, leftOut }, () => [
    `${output.safe(name)}  ${formatSize(sizeBytes)}  sha256 ${sha256}`,
    formatColumns([
      ...parts.map((part) => ['', formatSize(part.sizeBytes), output.safe(part.name)]),
      ...natives.map(({ name, version, sha256 }) => [
        '',
        'add-on',
        output.safe(`${name} ${version}, sha256 ${sha256.slice(0, SHOWN_DIGITS)}…`),
      ]),
    ]),
  ]);
  // @spec DML-CLI-1572
  const lines = [
    ...(warnings.length > 0 ? warningLines(name, warnings) : []),
    ...leftOut.flatMap((left) => leftOutLines(name, left)),
  ];
  for (const line of lines) output.note(output.safe(line));
}

/**
 * Returns the parts of a bundle with their bytes before names are shortened, largest first.
 *
 * @spec DML-CLI-1570
 */
function partsOf({ carried }: CapturedFunction, nameOf: (file: string) => string): readonly Part[] {
  const sizes = new Map<string, number>();
  for (const { file, sizeBytes } of carried) {
    const name = nameOf(file);
    sizes.set(name, (sizes.get(name) ?? 0) + sizeBytes);
  }
  return [...sizes]
    .map(([name, sizeBytes]) => ({ name, sizeBytes }))
    .sort((a, b) => b.sizeBytes - a.sizeBytes || (a.name < b.name ? -1 : 1));
}
