import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const SOURCE = /^(packages\/[^/]+|tools\/[^/]+)\/src\/(.+)\.ts$/;

/**
 * Puts a broken source also in the place of what was built of it, for the tests that start programs, and yields
 * how to put the old one back. Does nothing where nothing was built.
 */
export function breakBuiltTwin(folder: string, path: string, text: string): () => void {
  const [, home, name] = SOURCE.exec(path) ?? [];
  const target = join(folder, `${home}/dist/${name}.js`);
  if (home === undefined || !existsSync(target)) return () => undefined;
  const built = readFileSync(target);
  const { outputText } = ts.transpileModule(text, {
    fileName: path,
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  writeFileSync(target, outputText);
  return () => writeFileSync(target, built);
}
