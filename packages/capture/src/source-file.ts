import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const runsFromSources = import.meta.url.endsWith('.ts');

/** How this package's own imports resolve: to the sources of its siblings when it runs from sources itself. */
export const sourceConditions: readonly string[] = runsFromSources
  ? ['@daggerml/source', 'module']
  : ['module'];

/**
 * Returns the path of the self-contained module that pipelines and captured functions get for `@daggerml/bindings`. It is
 * part of what is captured, so that it comes from this package also where this code was put into another file.
 */
export function authoringModule(): string {
  return runsFromSources
    ? fileURLToPath(new URL('./authoring/authoring-main.ts', import.meta.url))
    : createRequire(import.meta.url).resolve('@daggerml/capture/authoring');
}
