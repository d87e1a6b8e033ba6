import type { Pipeline } from '@daggerml/capture';
import { unknownName } from '@daggerml/repository';
import { withLine } from './call-site.ts';
import type { NodeHandle } from './node-handle.ts';
import type { Lifted } from './values.ts';

/**
 * The names of an imported dag, its root under `root`.
 *
 * `Of` is the type of the dag's pipeline, from which the root's type follows, or an object type with the value of each
 * name.
 *
 * @spec DML-BND-0809
 */
export type Namespace<Of = unknown> = unknown extends Of
  ? Names<Record<string, unknown>> & Names<{ root: unknown }>
  : Of extends Pipeline<never, infer Root>
    ? Names<Record<string, unknown>> & Names<{ root: Lifted<Awaited<Root>> }>
    : Names<Of>;

type Names<Of> = { readonly [Name in keyof Of]: NodeHandle<Of[Name]> };

interface ImportedDag {
  readonly dagName: string;
  readonly names: readonly string[];
  /** Creates the node of a name. */
  readonly read: (name: string) => NodeHandle;
}

/** Properties that the language itself reads from any object. */
const ASKED_OF_ALL: ReadonlySet<string> = new Set([
  'then',
  'toJSON',
  'asymmetricMatch',
  'constructor',
  '$$typeof',
]);

/** Creates the object whose properties are the names of an imported dag. */
export function importedNames({ dagName, names, read }: ImportedDag): Namespace {
  const namespace = Object.create(null) as Record<string, NodeHandle>;
  for (const name of names) {
    Object.defineProperty(namespace, name, { enumerable: true, get: () => read(name) });
  }
  const get = (target: object, name: string | symbol): unknown => {
    if (typeof name === 'symbol' || name in target || ASKED_OF_ALL.has(name))
      return Reflect.get(target, name);
    // @spec DML-BND-0417
    throw withLine(
      unknownName({ name, word: name, detail: 'node', inside: dagName, known: names, listed: true }),
      get,
    );
  };
  return new Proxy(Object.freeze(namespace), { get }) as unknown as Namespace;
}
