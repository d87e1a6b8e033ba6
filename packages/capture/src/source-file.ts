import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const runsFromSources = import.meta.url.endsWith('.ts');

/** How this package's own imports resolve: to the sources of its siblings when it runs from sources itself. */
export const sourceConditions: readonly string[] = runsFromSources
  ? ['@daggerml/source', 'module']
  : ['module'];

/** Path of the self-contained module that pipelines and captured functions get for `@daggerml/bindings`. */
export function authoringModule(): string {
  return ownModule('authoring/authoring-main');
}

/** Path of a module of this package: compiled when the package is built, TypeScript when run from sources. */
function ownModule(name: string): string {
  const compiled = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  return existsSync(compiled) ? compiled : fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
}
