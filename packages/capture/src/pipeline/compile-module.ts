import { readFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDmlError } from '@daggerml/object-model';
import { type BuildFailure, build, type Loader, type Plugin, transform } from 'esbuild';
import { sourcePath } from '../bundle/module-names.ts';
import { captureError } from '../errors.ts';
import { misnamedCommonJs } from '../misnamed-commonjs.ts';
import { NODE_IMPORT, nodeImportPath, nodeImportText } from '../node-import.ts';
import { formatPath, outlineAt } from './node-formats.ts';
import { ownNames } from './own-names.ts';
import { packagesByUrl } from './packages-by-url.ts';

const COMPILED = 'module.mjs';
const BANNER = 'const __dmlResolve=import.meta.resolve;';
/** The `require` that CommonJS files of the module call for packages and built-in modules. */
const OWN_REQUIRE =
  'import{createRequire as __dmlCreateRequire}from"node:module";const require=__dmlCreateRequire(import.meta.url);';

/** Compiles a module with its relative imports into one; `conditions` resolve packages that it bundles. */
export async function compileModule(file: string, conditions: readonly string[] = []): Promise<string> {
  const folder = dirname(file);
  const { outputFiles } = await build({
    entryPoints: [file],
    outfile: join(folder, COMPILED),
    absWorkingDir: folder,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    sourcemap: 'external',
    // The compiled module lies elsewhere; stack traces name the author's files all the same.
    sourceRoot: `${pathToFileURL(folder).href}/`,
    logLevel: 'silent',
    banner: { js: BANNER },
    ...(conditions.length > 0 && { conditions: [...conditions] }),
    plugins: [ownNames, packagesByUrl, ownFormats, importMeta],
  }).catch((error: unknown) => {
    throw compilationError(error, file);
  });
  const [text = '', map = ''] = [COMPILED, `${COMPILED}.map`].map(
    (name) => outputFiles.find(({ path }) => basename(path) === name)?.text,
  );
  // In the same line as the banner: the lines behind it stay where the source map has them.
  const whole = text.includes('var __require =') ? text.replace(BANNER, BANNER + OWN_REQUIRE) : text;
  return `${whole}//# sourceMappingURL=data:application/json;base64,${Buffer.from(withSources(map)).toString('base64')}\n`;
}

function withSources(map: string): string {
  const parsed = JSON.parse(map) as { sources: string[] };
  return JSON.stringify({ ...parsed, sources: parsed.sources.map(sourcePath) });
}

/** Returns one error that names file and line for what the bundler says of code; any other error as it is. */
function compilationError(error: unknown, file: string): unknown {
  const { errors = [] } = error as Partial<BuildFailure>;
  const misnamed = errors.find(({ detail }) => isDmlError(detail))?.detail as Error | undefined;
  if (misnamed) return misnamed;
  const [first] = errors;
  if (!first) return error;
  return captureError('pipeline_threw', {
    file: first.location ? resolve(dirname(file), sourcePath(first.location.file)) : file,
    line: first.location?.line ?? 0,
    reason: first.text,
  });
}

/** Reads the author's files as Node does, whatever `type` a `package.json` gives them. */
const ownFormats: Plugin = {
  name: 'daggerml-formats',
  setup(context) {
    context.onResolve({ filter: /^[./]/ }, async (args) => {
      if (args.pluginData === ownFormats) return;
      const { path, kind, resolveDir } = args;
      const importer = sourcePath(args.importer);
      const found = await context.resolve(path, { importer, kind, resolveDir, pluginData: ownFormats });
      if (found.errors.length > 0 || found.external) return found;
      const outline = outlineAt(found.path);
      const misnamed = outline && misnamedCommonJs(outline);
      // @spec DML-EXE-0538
      if (misnamed)
        return {
          errors: [{ text: misnamed.reason, detail: captureError('pipeline_threw', { ...misnamed }) }],
        };
      // @spec DML-EXE-0537
      if (outline?.isCommonJs && kind === 'dynamic-import' && /\.c[jt]s$/.test(importer))
        return { path: nodeImportPath(found.path) };
      return { path: formatPath(found.path) };
    });
    context.onLoad({ filter: NODE_IMPORT }, ({ path }) => {
      const source = path.replace(NODE_IMPORT, '');
      return { contents: nodeImportText(source), loader: 'ts', resolveDir: dirname(source) };
    });
  },
};

/** Makes `import.meta`, `__dirname` and `__filename` speak of the source file instead of the compiled one. */
const importMeta: Plugin = {
  name: 'daggerml-import-meta',
  setup(context) {
    context.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async (given) => {
      const path = sourcePath(given.path);
      const source = readFileSync(path, 'utf8');
      const loader = extname(path).replace(/^\.[cm]?/, '') as Loader;
      const asksForImport = source.includes('import.meta');
      if (!asksForImport && !/\b__(?:dirname|filename)\b/.test(source))
        return { contents: source, loader, resolveDir: dirname(path) };
      const url = pathToFileURL(path).href;
      const resolver = `const __dmlResolveHere=(s)=>/^(\\.{0,2}\\/|[a-z]+:)/.test(s)?new URL(s,${JSON.stringify(url)}).href:__dmlResolve(s);`;
      const { code } = await transform(asksForImport ? resolver + source : source, {
        loader,
        sourcefile: path,
        sourcemap: 'inline',
        target: 'node20',
        define: {
          'import.meta.url': JSON.stringify(url),
          'import.meta.filename': JSON.stringify(path),
          'import.meta.dirname': JSON.stringify(dirname(path)),
          'import.meta.resolve': '__dmlResolveHere',
          __filename: JSON.stringify(path),
          __dirname: JSON.stringify(dirname(path)),
        },
      });
      return { contents: code, loader: 'js', resolveDir: dirname(path) };
    });
  },
};
