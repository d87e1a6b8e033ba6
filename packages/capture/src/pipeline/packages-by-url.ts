import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OnResolveArgs, Plugin } from 'esbuild';
import { formatPath } from './node-formats.ts';

const fromPlugin: unique symbol = Symbol('resolved by packagesByUrl');

/** Leaves packages to Node, by the address that the importing file would get. */
export const packagesByUrl: Plugin = {
  name: 'daggerml-packages',
  setup(context) {
    context.onResolve({ filter: /^[^./]/ }, async (args) => {
      if (args.pluginData === fromPlugin || args.kind === 'entry-point' || args.path.startsWith('#')) return;
      if (/^[a-z]+:/.test(args.path)) return { path: args.path, external: true };
      const { importer, resolveDir, path } = args;
      const isRequiring = isRequireStatement(args);
      const kind = isRequiring ? 'require-call' : args.kind;
      const found = await context.resolve(path, { importer, kind, resolveDir, pluginData: fromPlugin });
      if (found.errors.length > 0 || found.external) return found;
      // Sources outside of node_modules (workspace members, path aliases) may need compiling: bundle them.
      if (!found.path.includes(`${join('/', 'node_modules', '/')}`) && /\.[cm]?tsx?$/.test(found.path))
        return { path: formatPath(found.path) };
      if (isRequiring) return { path: found.path, namespace: REQUIRED };
      // @spec DML-BND-1213
      const isRequired = kind === 'require-call' || kind === 'require-resolve';
      return { path: isRequired ? found.path : pathToFileURL(found.path).href, external: true };
    });
    context.onResolve({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({ path, external: true }));
    context.onLoad({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/** Names the modules that stand for packages which Node is to require. */
const REQUIRED = 'daggerml-required';

/** Checks whether TypeScript makes a `require` of an import: a statement in a CommonJS file. */
function isRequireStatement({ kind, importer }: OnResolveArgs): boolean {
  return kind === 'import-statement' && /\.c[jt]s$/.test(importer);
}
