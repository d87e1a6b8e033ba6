import type { Plugin } from 'esbuild';
import * as authoring from '../authoring/authoring-main.ts';

/** Registered name of the authoring functions among the globals of a process that loads pipelines. */
const KEY = 'daggerml.authoring';

/** Sets the authoring functions of modules that are loaded from now on to those of this program. */
export function provideAuthoring(): void {
  Object.defineProperty(globalThis, Symbol.for(KEY), { value: authoring, configurable: true });
}

/**
 * Plugin that resolves `@daggerml/bindings` to what `provideAuthoring` gave, so that a pipeline needs no installation
 * of its own and no file is read for it.
 *
 * @spec DML-CAP-0901
 */
export const ownNames: Plugin = {
  name: 'daggerml-authoring',
  setup(context) {
    context.onResolve({ filter: /^@daggerml\/bindings$/ }, ({ path }) => ({ path, namespace: KEY }));
    context.onLoad({ filter: /.*/, namespace: KEY }, () => ({
      contents: `export const { ${Object.keys(authoring).join(', ')} } = globalThis[Symbol.for('${KEY}')];`,
    }));
  },
};
