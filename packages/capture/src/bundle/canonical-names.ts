import type { AnyNode, Program } from 'acorn';
import { forEachChild } from './syntax-tree.ts';
import type { TextEdit } from './text-edits.ts';

/**
 * Plans to rename the local names of a minified bundle to one canonical sequence, in order of first appearance.
 *
 * A minifier picks short names by letter frequency, which comments, types and the old names leak into. Its
 * choice of *which* bindings share a name is structural, so a one-to-one renaming of the whole text is enough.
 * Free names (globals) are never touched; the minifier never gives a local name that is also free. A bundle
 * that calls `eval` directly is left as it is, since its names can be observed. Linear in the bundle's size.
 *
 * @spec DML-EXE-0505
 */
export function planCanonicalNames(bundle: string, program: Program): readonly TextEdit[] {
  const scan = new NameScan(bundle);
  scan.visit(program);
  return scan.callsEval ? [] : scan.edits();
}

type Namespace = 'binding' | 'label';
interface Occurrence {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly namespace: Namespace;
  /** Text of a shorthand property or specifier that has to stay in front: `key:` or `imported as `. */
  readonly prefix?: string;
  readonly suffix?: string;
}

class NameScan {
  readonly #text: string;
  readonly #occurrences: Occurrence[] = [];
  readonly #declared = new Set<string>();
  readonly #privateNames: Occurrence[] = [];
  callsEval = false;

  constructor(text: string) {
    this.#text = text;
  }

  visit(node: AnyNode): void {
    switch (node.type) {
      case 'Identifier':
        this.#add(node, 'binding');
        return;
      case 'MemberExpression':
        this.visit(node.object);
        if (node.computed) this.visit(node.property);
        else if (node.property.type === 'PrivateIdentifier') this.#addPrivate(node.property);
        return;
      case 'PrivateIdentifier':
        this.#addPrivate(node);
        return;
      case 'Property':
        if (node.shorthand) {
          this.#shorthand(node.value, (node.key as { name: string }).name);
          return;
        }
        if (node.computed) this.visit(node.key);
        this.visit(node.value);
        return;
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node.computed || node.key.type === 'PrivateIdentifier') this.visit(node.key);
        if (node.value) this.visit(node.value);
        return;
      case 'LabeledStatement':
        this.#add(node.label, 'label');
        this.visit(node.body);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
        if (node.label) this.#add(node.label, 'label');
        return;
      case 'MetaProperty':
        return;
      case 'ExportNamedDeclaration':
        if (node.declaration) this.visit(node.declaration);
        if (node.source) return;
        for (const specifier of node.specifiers) {
          this.#specifier(specifier.local, specifier, { suffix: ` as ${this.#slice(specifier.exported)}` });
        }
        return;
      case 'ExportAllDeclaration':
        return;
      case 'ImportSpecifier':
        this.#declare(node.local);
        this.#specifier(node.local, node, { prefix: `${this.#slice(node.imported)} as ` });
        return;
      case 'CallExpression':
        if (node.callee.type === 'Identifier' && node.callee.name === 'eval') this.callsEval = true;
        break;
      case 'VariableDeclarator':
        this.#declare(node.id);
        break;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        if (node.id) this.#declare(node.id);
        for (const parameter of node.params) this.#declare(parameter);
        break;
      case 'ClassDeclaration':
      case 'ClassExpression':
        if (node.id) this.#declare(node.id);
        break;
      case 'CatchClause':
        if (node.param) this.#declare(node.param);
        break;
      case 'ImportDefaultSpecifier':
      case 'ImportNamespaceSpecifier':
        this.#declare(node.local);
        break;
    }
    forEachChild(node, (child) => this.visit(child));
  }

  /** Replaces every declared name; names that are free anywhere in the bundle are skipped. */
  edits(): TextEdit[] {
    const locals = this.#occurrences.filter((o) => o.namespace === 'label' || this.#declared.has(o.name));
    const free = new Set(this.#occurrences.filter((o) => o.namespace === 'binding').map((o) => o.name));
    for (const name of this.#declared) free.delete(name);
    const bindings = new Renaming(free);
    const labels = new Renaming(new Set());
    const privates = new Renaming(new Set());
    const all = [...locals, ...this.#privateNames].sort((a, b) => a.start - b.start);
    return all.map(({ start, end, name, namespace, prefix = '', suffix = '' }) => {
      const isPrivate = this.#text[start] === '#';
      const renaming = isPrivate ? privates : namespace === 'label' ? labels : bindings;
      return { start, end, text: `${prefix}${isPrivate ? '#' : ''}${renaming.get(name)}${suffix}` };
    });
  }

  #add(node: { start: number; end: number; name: string }, namespace: Namespace): void {
    this.#occurrences.push({ start: node.start, end: node.end, name: node.name, namespace });
  }

  #addPrivate(node: { start: number; end: number; name: string }): void {
    this.#privateNames.push({ start: node.start, end: node.end, name: node.name, namespace: 'binding' });
  }

  /** `{a}` is `{a:a}` with two meanings: only the second follows a renaming. */
  #shorthand(value: AnyNode, key: string): void {
    const target = value.type === 'AssignmentPattern' ? value.left : value;
    const { start, end, name } = target as { start: number; end: number; name: string };
    this.#occurrences.push({ start, end, name, namespace: 'binding', prefix: `${key}:` });
    if (value.type === 'AssignmentPattern') this.visit(value.right);
  }

  #specifier(
    local: AnyNode,
    whole: { start: number; end: number },
    around: { prefix?: string; suffix?: string },
  ): void {
    const name = (local as { name: string }).name;
    this.#occurrences.push({ start: whole.start, end: whole.end, name, namespace: 'binding', ...around });
  }

  #declare(pattern: AnyNode): void {
    switch (pattern.type) {
      case 'Identifier':
        this.#declared.add(pattern.name);
        return;
      case 'AssignmentPattern':
        return this.#declare(pattern.left);
      case 'RestElement':
        return this.#declare(pattern.argument);
      case 'ArrayPattern':
        for (const element of pattern.elements) if (element) this.#declare(element);
        return;
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          this.#declare(property.type === 'RestElement' ? property : property.value);
        }
    }
  }

  #slice(node: { start: number; end: number }): string {
    return this.#text.slice(node.start, node.end);
  }
}

/** Hands out `a`, `b`, … `z`, `A`, … `aa`, … to names as they first appear. */
class Renaming {
  readonly #taken: ReadonlySet<string>;
  readonly #byName = new Map<string, string>();
  #next = 0;

  constructor(taken: ReadonlySet<string>) {
    this.#taken = taken;
  }

  get(name: string): string {
    let renamed = this.#byName.get(name);
    while (renamed === undefined) {
      const candidate = shortName(this.#next++);
      if (this.#taken.has(candidate) || reserved.has(candidate)) continue;
      renamed = candidate;
      this.#byName.set(name, candidate);
    }
    return renamed;
  }
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const reserved = new Set(
  (
    'as async await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for from function get if implements import in instanceof interface let new null of package private ' +
    'protected public return set static super switch this throw true try typeof undefined var void while with yield ' +
    'arguments NaN Infinity'
  ).split(' '),
);

function shortName(index: number): string {
  let name = '';
  let rest = index;
  do {
    name = letters[rest % letters.length] + name;
    rest = Math.floor(rest / letters.length) - 1;
  } while (rest >= 0);
  return name;
}
