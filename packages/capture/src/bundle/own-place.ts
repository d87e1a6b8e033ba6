import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Node } from 'oxc-parser';
import type { Outline } from '../by-name/outline.ts';
import { builtinName } from '../by-name/outside-uses.ts';
import { forEachChild, withoutTypes } from '../by-name/syntax-tree.ts';

/** A place at which a library may read a file that lies beside its code. */
export interface OwnRead {
  readonly start: number;
  /** The text that names the file; empty where the code names none. */
  readonly name: string;
  /** Absolute path; undefined where it is not known in full. */
  readonly path: string | undefined;
}

/** A path, as far as the text of the code shows it. */
interface Path {
  readonly text: string;
  /** True when it begins with the place of the code. */
  readonly isOwn: boolean;
  readonly isWhole: boolean;
  /** The last text that it was made of. */
  readonly name: string;
  /** True for a function that loads modules from there. */
  readonly isLoader?: boolean;
}

const MENTION = /\b__(?:dir|file)name\b|\bimport\.meta\b|\brequire\.resolve\b/;

/** Checks whether code may ask for its place, without reading it. */
export function mayAskForPlace(text: string): boolean {
  return MENTION.test(text);
}

/** Lists what the code of a library reads from its own place, by what it makes of that place. */
export function ownReads(outline: Outline): readonly OwnRead[] {
  const found: OwnRead[] = [];
  const paths = new PathReader(outline);
  const visit = (node: Node, isGuarded: boolean): void => {
    const read = readAt(node, paths, isGuarded);
    if (read) found.push(read);
    forEachChild(node, (child) => visit(child, isGuarded || node.type === 'TryStatement'));
  };
  visit(outline.program, false);
  return found;
}

const READS =
  /^(readFile|readdir|readlink|open|opendir|createReadStream|exists|l?stat|access|copyFile|cp|glob|dlopen)(Sync)?$/;

function readAt(node: Node, paths: PathReader, isGuarded: boolean): OwnRead | undefined {
  const own = paths.valueOf(node);
  const { start } = node;
  if (own?.isOwn && own.isWhole && !own.isLoader && own.text !== paths.file)
    return { start, name: own.name, path: own.text };
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return undefined;
  const [first] = node.arguments;
  const loader = paths.valueOf(node.callee);
  if (loader?.isLoader && first && !isGuarded) {
    const name = paths.valueOf(first)?.text;
    const path = name === undefined || builtinName(name) !== undefined ? undefined : paths.resolved(name);
    return path === undefined ? undefined : { start, name: name ?? '', path };
  }
  if (!READS.test(lastName(node.callee))) return undefined;
  const given = first && paths.valueOf(first);
  return given?.isOwn ? { start, name: given.name, path: given.isWhole ? given.text : undefined } : undefined;
}

/** Finds out what paths expressions stand for. */
class PathReader {
  readonly file: string;
  readonly #scopes: Outline['scopes'];
  readonly #known = new Map<Node, Path | undefined>();

  constructor({ file, scopes }: Outline) {
    this.file = file;
    this.#scopes = scopes;
  }

  valueOf(given: Node): Path | undefined {
    const node = withoutTypes(given);
    // What refers to itself has no value.
    if (!this.#known.has(node)) {
      this.#known.set(node, undefined);
      this.#known.set(node, this.#read(node));
    }
    return this.#known.get(node);
  }

  /** Returns the file that a module of this name is, seen from here. */
  resolved(name: string): string | undefined {
    try {
      return createRequire(this.file).resolve(name);
    } catch {
      return undefined;
    }
  }

  #read(node: Node): Path | undefined {
    switch (node.type) {
      case 'Literal':
        return typeof node.value === 'string' ? textPath(node.value) : undefined;
      case 'TemplateLiteral':
        return this.#joined(
          node.quasis.flatMap(({ value }, index) => [
            textPath(value.cooked ?? ''),
            ...(node.expressions[index] ? [this.valueOf(node.expressions[index])] : []),
          ]),
          (parts) => parts.join(''),
        );
      case 'BinaryExpression':
        if (node.operator !== '+') return undefined;
        return this.#joined([this.valueOf(node.left), this.valueOf(node.right)], (parts) => parts.join(''));
      case 'LogicalExpression':
        return this.#firstOwn(node.left, node.right);
      case 'ConditionalExpression':
        return this.#firstOwn(node.consequent, node.alternate);
      case 'Identifier':
        return this.#named(node);
      case 'MemberExpression':
        return this.#member(node);
      case 'CallExpression':
      case 'NewExpression':
        return this.#called(node.callee, node.arguments);
      default:
        return undefined;
    }
  }

  #firstOwn(...nodes: readonly Node[]): Path | undefined {
    return nodes.map((node) => this.valueOf(node)).find((path) => path?.isOwn);
  }

  #named(node: Node & { type: 'Identifier' }): Path | undefined {
    const binding = this.#scopes.bindingOf(node);
    if (!binding) {
      if (node.name === '__filename') return this.#place(this.file);
      return node.name === '__dirname' ? this.#place(dirname(this.file)) : undefined;
    }
    const { declaration, declarations } = binding;
    if (declarations.length !== 1 || declaration.type !== 'VariableDeclarator' || !declaration.init)
      return undefined;
    return declaration.id.type === 'Identifier' ? this.valueOf(declaration.init) : undefined;
  }

  #member(node: Node & { type: 'MemberExpression' }): Path | undefined {
    const name = lastName(node);
    if (node.object.type === 'MetaProperty') {
      if (name === 'url' || name === 'filename') return this.#place(this.file);
      return name === 'dirname' ? this.#place(dirname(this.file)) : undefined;
    }
    return name === 'href' || name === 'pathname' ? this.valueOf(node.object) : undefined;
  }

  #called(callee: Node, given: readonly Node[]): Path | undefined {
    const [first, second] = given.slice(0, 2).map((one) => this.valueOf(one));
    const object = callee.type === 'MemberExpression' ? callee.object : undefined;
    switch (lastName(callee)) {
      case 'createRequire':
        return first?.isOwn ? { ...first, isLoader: true } : undefined;
      case 'resolve': {
        const isRequire = object?.type === 'Identifier' && object.name === 'require';
        if (!isRequire && !(object && this.valueOf(object)?.isLoader)) break;
        const path = first && builtinName(first.text) === undefined && this.resolved(first.text);
        return path ? { text: path, isOwn: true, isWhole: true, name: first.text } : undefined;
      }
      case 'URL':
        if (!first || !second?.isOwn) return first?.isOwn ? first : undefined;
        return {
          ...second,
          isWhole: first.isWhole && second.isWhole,
          name: first.name,
          text: urlPath(first, second),
        };
      case 'dirname':
        return first?.isOwn ? { ...first, text: dirname(first.text) } : undefined;
      case 'fileURLToPath':
      case 'pathToFileURL':
      case 'realpathSync':
      case 'normalize':
      case 'String':
        return first?.isOwn ? first : undefined;
      case 'toString':
        return object && this.valueOf(object);
      case 'join':
        break;
      default: {
        const changed = object && this.valueOf(object);
        return changed?.isOwn && !changed.isLoader ? { ...changed, isWhole: false } : this.#returned(callee);
      }
    }
    const isJoin = lastName(callee) === 'join';
    const parts = given.map((one) => this.valueOf(one));
    return this.#joined(parts, (texts) => (isJoin ? join(...texts) : resolve(...texts)));
  }

  /** Returns the value of a function that does nothing but to return it. */
  #returned(callee: Node): Path | undefined {
    const binding = callee.type === 'Identifier' ? this.#scopes.bindingOf(callee) : undefined;
    const { declaration } = binding ?? {};
    const made = declaration?.type === 'VariableDeclarator' ? declaration.init : declaration;
    if (!made || !('body' in made) || !made.body || !('type' in made.body)) return undefined;
    const { body } = made as { body: Node };
    if (body.type !== 'BlockStatement')
      return made.type === 'ArrowFunctionExpression' ? this.valueOf(body) : undefined;
    const [only, more] = body.body;
    return only?.type === 'ReturnStatement' && only.argument && !more
      ? this.valueOf(only.argument)
      : undefined;
  }

  #place(text: string): Path {
    return { text, isOwn: true, isWhole: true, name: '' };
  }

  #joined(parts: readonly (Path | undefined)[], join: (texts: string[]) => string): Path | undefined {
    const first = parts.find((part) => part === undefined || part.text !== '');
    if (!first?.isOwn) return undefined;
    const end = parts.findIndex((part) => !part?.isWhole);
    const known = parts.slice(0, end === -1 ? parts.length : end) as readonly Path[];
    const name = known.findLast((part) => part.name !== '')?.name ?? '';
    return { text: join(known.map(({ text }) => text)), isOwn: true, isWhole: end === -1, name };
  }
}

function textPath(text: string): Path {
  return { text, isOwn: false, isWhole: true, name: text };
}

function urlPath(relative: Path, base: Path): string {
  try {
    return fileURLToPath(new URL(relative.text, pathToFileURL(base.text)));
  } catch {
    return base.text;
  }
}

function lastName(node: Node): string {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression' || node.computed) return '';
  return node.property.type === 'Identifier' ? node.property.name : '';
}

/** Checks whether a read finds something: a file, or in an unknown way the folder of the code. */
export function isThere({ path }: OwnRead): boolean {
  return path === undefined || (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}
