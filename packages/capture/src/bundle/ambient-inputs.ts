import { isBuiltin } from 'node:module';
import type { AnyNode } from 'acorn';
import type { CodeText } from './code-text.ts';
import { isOwnSource } from './code-text.ts';
import type { Binding, Reference } from './scopes.ts';
import { forEachChild } from './syntax-tree.ts';

/** What a function can read beside its inputs; no change of it makes a call run again. */
export type AmbientKind = 'files' | 'network' | 'processes' | 'clock' | 'randomness' | 'environment';

/** A place at which a function reads something beside its inputs. */
export interface AmbientInput {
  readonly kind: AmbientKind;
  /** The global or import that is used: `Date.now`, `readFileSync of node:fs`. */
  readonly what: string;
  /** Absolute path of the source file. */
  readonly file: string;
  readonly line: number;
}

/** A use of a global or of a built-in module; `path` begins with its name. */
export interface OutsideUse {
  readonly path: string;
  /** The built-in module, without `node:`; undefined for a global. */
  readonly module: string | undefined;
  readonly isBare: boolean;
  readonly offset: number;
}

/**
 * Lists what the author's own code of a bundle reads beside its inputs, each once, by kind and name; what
 * libraries read is left aside.
 *
 * @spec DML-EXE-0524
 */
export function ambientInputs(code: CodeText): readonly AmbientInput[] {
  const found = new Map<string, AmbientInput>();
  for (const use of outsideUses(code)) {
    const kind = use.module === undefined ? kindOfGlobal(use) : kindOfModule(use.module, use.path);
    if (kind === undefined) continue;
    const position = code.positionOf(use.offset);
    if (!position || !isOwnSource(position)) continue;
    const what = use.module === undefined ? use.path : nameInModule(use.module, use.path);
    const { file, line } = position;
    const known = found.get(`${kind} ${what}`);
    if (!known || (known.file === file && known.line > line))
      found.set(`${kind} ${what}`, { kind, what, file, line });
  }
  return [...found.values()].sort((a, b) => (a.kind + a.what < b.kind + b.what ? -1 : 1));
}

/** Every use of a global or of a name of a built-in module. */
export function* outsideUses(code: CodeText): Generator<OutsideUse> {
  for (const [name, references] of code.scopes.free) {
    for (const reference of references) {
      for (const { members, ...use } of usesOf(reference)) {
        const path = name === 'globalThis' ? members : [name, ...members];
        if (path.length > 0) yield { ...use, path: path.join('.'), module: undefined };
      }
    }
  }
  for (const binding of code.scopes.bindings) {
    const { module, imported } = importOf(binding, code) ?? {};
    if (module === undefined) continue;
    for (const reference of binding.references) {
      for (const { members, ...use } of usesOf(reference)) {
        yield { ...use, path: [...(imported ? [imported] : []), ...members].join('.'), module };
      }
    }
  }
  yield* directModules(code);
}

/** What is read of a name: one thing, or several where it is taken apart. */
function usesOf({ node, parent, grandparent }: Reference): readonly {
  readonly members: readonly string[];
  readonly isBare: boolean;
  readonly offset: number;
}[] {
  const use = { members: [], isBare: false, offset: node.start };
  if (parent.type === 'VariableDeclarator' && parent.init === node && parent.id.type === 'ObjectPattern') {
    return parent.id.properties.map((property) => {
      const key = property.type === 'Property' && !property.computed ? property.key : undefined;
      const name =
        key?.type === 'Identifier' ? key.name : key?.type === 'Literal' ? String(key.value) : undefined;
      return { ...use, members: name === undefined ? [] : [name] };
    });
  }
  const members: string[] = [];
  let top: AnyNode = node;
  for (const outer of [parent, grandparent]) {
    if (outer?.type !== 'MemberExpression' || outer.object !== top) break;
    const { property } = outer;
    if (property.type === 'Identifier' && !outer.computed) members.push(property.name);
    else if (property.type === 'Literal') members.push(String(property.value));
    else break;
    top = outer;
  }
  const isCall = parent.type === 'CallExpression' || parent.type === 'NewExpression';
  return [{ ...use, members, isBare: isCall && parent.callee === node && parent.arguments.length === 0 }];
}

/** What an import binding, or a variable that holds a `require`d module, stands for. */
function importOf(
  { kind, declaration }: Binding,
  code: CodeText,
): { readonly module: string; readonly imported?: string } | undefined {
  if (kind !== 'import') return undefined;
  const statement = code.program.body.find(
    ({ start, end }) => start <= declaration.start && declaration.end <= end,
  );
  if (statement?.type !== 'ImportDeclaration') return undefined;
  const module = builtinName(statement.source.value);
  if (module === undefined) return undefined;
  if (declaration.type !== 'ImportSpecifier' || declaration.imported.type !== 'Identifier') return { module };
  const imported = declaration.imported.name;
  return imported === 'default' ? { module } : { module, imported };
}

/** Modules that code loads while it runs: `import('node:fs')`, and `require` in CommonJS code. */
function* directModules(code: CodeText): Generator<OutsideUse> {
  const found: OutsideUse[] = [];
  const visit = (node: AnyNode): void => {
    const source =
      node.type === 'ImportExpression'
        ? node.source
        : node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.arguments.length === 1
          ? node.arguments[0]
          : undefined;
    const module = source?.type === 'Literal' ? builtinName(source.value) : undefined;
    if (module !== undefined) found.push({ path: '', module, isBare: false, offset: node.start });
    forEachChild(node, visit);
  };
  visit(code.program);
  yield* found;
}

function builtinName(source: unknown): string | undefined {
  return typeof source === 'string' && isBuiltin(source) ? source.replace(/^node:/, '') : undefined;
}

function nameInModule(module: string, path: string): string {
  return path === '' ? `node:${module}` : `${path} of node:${module}`;
}

const moduleKinds: Readonly<Record<string, AmbientKind>> = {
  fs: 'files',
  'fs/promises': 'files',
  sqlite: 'files',
  http: 'network',
  https: 'network',
  http2: 'network',
  net: 'network',
  tls: 'network',
  dgram: 'network',
  dns: 'network',
  'dns/promises': 'network',
  child_process: 'processes',
  cluster: 'processes',
  os: 'environment',
};

function kindOfModule(module: string, path: string): AmbientKind | undefined {
  if (module === 'process') return kindOfGlobal({ path: `process.${path}`, isBare: false });
  if (module === 'perf_hooks') return kindOfGlobal({ path, isBare: false });
  if (module === 'crypto')
    return /^(webcrypto\.)?(random|getRandomValues|generateKey)/.test(path) ? 'randomness' : undefined;
  return moduleKinds[module];
}

function kindOfGlobal({ path, isBare }: Pick<OutsideUse, 'path' | 'isBare'>): AmbientKind | undefined {
  if (path === 'Date') return isBare ? 'clock' : undefined;
  return globalKinds.find(([pattern]) => pattern.test(path))?.[1];
}

const globalKinds: readonly (readonly [RegExp, AmbientKind])[] = [
  [/^Date\.now$|^performance\.(now|timeOrigin)$|^process\.(hrtime|uptime)\b/, 'clock'],
  [/^Math\.random$|^crypto\.(randomUUID|getRandomValues)$|^crypto\.subtle\.generateKey$/, 'randomness'],
  [/^process\.(env|argv|pid|ppid|platform|arch|versions?|title|getuid|memoryUsage)\b/, 'environment'],
  [/^(fetch|WebSocket|EventSource|XMLHttpRequest)$/, 'network'],
];
