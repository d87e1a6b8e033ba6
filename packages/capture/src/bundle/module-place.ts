import { BUNDLE_FILE, BUNDLE_FOLDER, BUNDLE_URL } from '../bundle-place.ts';
import { captureError } from '../errors.ts';
import { outsideUses } from './ambient-inputs.ts';
import { IMPORT_META } from './bundle-export.ts';
import { type CodeText, isOwnSource } from './code-text.ts';
import type { TextEdit } from './text-edits.ts';

/** The place that libraries in a bundle are told. */
const constants: Readonly<Record<string, string>> = {
  [IMPORT_META]: `{url:"${BUNDLE_URL}",filename:"${BUNDLE_FILE}",dirname:"${BUNDLE_FOLDER}"}`,
  __dirname: `"${BUNDLE_FOLDER}"`,
  __filename: `"${BUNDLE_FILE}"`,
};

/**
 * Refuses code of the author that asks where it is: a bundle is in another place for every run, and what it finds
 * there would be recorded.
 *
 * @spec DML-EXE-0525
 */
export function refusePlaces(code: CodeText): void {
  for (const { path, module, offset } of outsideUses(code)) {
    const asked = askedPlace(module === 'process' ? `process.${path}` : path, module);
    if (asked === undefined) continue;
    const position = code.positionOf(offset);
    if (!position || !isOwnSource(position)) continue;
    throw captureError('capture_failed', {
      file: position.file,
      line: position.line,
      reason: `${asked} is not known in a captured function; give a file as an input (dag.file) or its path as an argument`,
    });
  }
}

function askedPlace(path: string, module: string | undefined): string | undefined {
  if (path === 'process.cwd') return 'process.cwd';
  if (module !== undefined) return undefined;
  const [name = '', ...members] = path.split('.');
  if (name === IMPORT_META) return ['import.meta', ...members.slice(0, 1)].join('.');
  return name === '__dirname' || name === '__filename' ? name : undefined;
}

/**
 * Plans the constants that stand for the place of libraries in a bundle, which often ask without need.
 *
 * @spec DML-EXE-0526
 */
export function planPlaces(code: CodeText): readonly TextEdit[] {
  // The bundler writes names as they are: what does not stand in the text needs no look at its scopes.
  const asked = Object.keys(constants).filter(
    (name) => code.text.includes(name) && code.scopes.free.has(name),
  );
  if (asked.length === 0) return [];
  const text = `const ${asked.map((name) => `${name}=${constants[name]}`).join(',')};`;
  return [{ start: 0, end: 0, text }];
}
