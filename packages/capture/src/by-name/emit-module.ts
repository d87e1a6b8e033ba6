import type { Item, Outline, Source } from './outline.ts';
import type { EdgeKind, ReachedModule, Target } from './own-modules.ts';
import { type Piece, PieceText, piecesOf, type TextEdit } from './pieces.ts';

/** Returns the text that names a target for the bundler; `isNodeImport` for `import()` in a CommonJS file. */
export type NameTarget = (target: Target, specifier: string, isNodeImport?: boolean) => string;

/**
 * Returns the source of a module with what is reached of it alone, in an order that hangs on what it does: imports
 * for their effect as written, imports of names sorted, functions as they are reached, and the rest as written.
 */
export function emitModule(
  module: ReachedModule,
  edits: readonly TextEdit[],
  nameTarget: NameTarget,
): PieceText {
  const { outline } = module;
  const all = [...edits, ...withoutComments(module), ...loadEdits(module, nameTarget)];
  const named = (specifier: string, kind: EdgeKind): string => {
    const target = module.target(specifier, kind);
    return JSON.stringify(target ? nameTarget(target, specifier) : specifier);
  };
  const slice = (start: number, end: number): readonly Piece[] => piecesOf(all, start, end);
  if (outline.isWhole) return new PieceText(outline.text, slice(0, outline.text.length));
  const pieces: Piece[] = [];
  for (const { specifier, attributes } of outline.bareImports)
    pieces.push(`import ${named(specifier, 'import-statement')}${attributes};\n`);
  for (const { source, words } of linkStatements(module, edits))
    pieces.push(`${words} from ${named(source.specifier, 'import-statement')}${source.attributes};\n`);
  // @spec DML-CAP-0006
  for (const { prefix, start, end } of inOrder(module))
    pieces.push(...(prefix ? [prefix] : []), ...slice(start, end), ';\n');
  pieces.push(...exportStatements(module, edits));
  return new PieceText(outline.text, pieces);
}

/** Claims in comments that a call has no effect are no proof for a cache. @spec DML-CAP-0007 */
function withoutComments({ outline }: ReachedModule): readonly TextEdit[] {
  return outline.comments.map(({ start, end }) => ({
    start,
    end,
    text: outline.text.slice(start, end).includes('\n') ? '\n' : ' ',
  }));
}

function loadEdits(module: ReachedModule, nameTarget: NameTarget): readonly TextEdit[] {
  const edits: TextEdit[] = [];
  for (const { loads } of module.items) {
    for (const { specifier, kind, start, end } of loads) {
      const target = specifier === undefined ? undefined : module.target(specifier, kind);
      if (specifier === undefined || !target || target.kind === 'missing') continue;
      const isNodeImport = module.outline.isCommonJs && kind === 'dynamic-import';
      edits.push({ start, end, text: JSON.stringify(nameTarget(target, specifier, isNodeImport)) });
    }
  }
  return edits;
}

interface LinkStatement {
  readonly source: Source;
  readonly words: string;
}

/** Returns the imports and repeated exports that are reached, sorted by what they name. */
function linkStatements(module: ReachedModule, edits: readonly TextEdit[]): readonly LinkStatement[] {
  const { outline, demands } = module;
  const groups = new Map<
    string,
    { readonly source: Source; readonly names: string[]; readonly more: string[] }
  >();
  const groupOf = (source: Source): { readonly names: string[]; readonly more: string[] } => {
    const key = `${source.specifier}\n${source.attributes}`;
    let group = groups.get(key);
    if (!group) {
      group = { source, names: [], more: [] };
      groups.set(key, group);
    }
    return group;
  };
  const isRenamed = new Map(edits.map(({ start, text }) => [start, text]));
  for (const binding of module.imports) {
    const link = outline.imports.get(binding);
    if (!link) continue;
    const local = isRenamed.get(binding.declaration.start) ?? link.name;
    if (link.imported === '*') groupOf(link.source).more.push(`import * as ${local}`);
    else groupOf(link.source).names.push(`${quoted(link.imported)} as ${local}`);
  }
  for (const [name, link] of outline.exportedAgain) {
    if (!demands.has(name) && !demands.has('*')) continue;
    const words =
      link.imported === '*' ? `* as ${quoted(name)}` : `{${quoted(link.imported)} as ${quoted(name)}}`;
    groupOf(link.source).more.push(`export ${words}`);
  }
  for (const [name, source] of module.fromStars) groupOf(source).more.push(`export {${quoted(name)}}`);
  for (const source of module.wholeStars) groupOf(source).more.push('export *');
  return [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, { source, names, more }]) => [
      ...(names.length > 0 ? [{ source, words: `import {${names.sort().join(',')}}` }] : []),
      ...more.sort().map((words) => ({ source, words })),
    ]);
}

/**
 * Returns the reached items: what runs no code first, in the order in which it is reached, and then the rest as
 * written. What an earlier item that runs code could miss stays behind that.
 */
function inOrder({ outline, items }: ReachedModule): readonly Item[] {
  const written = outline.items.filter((item) => items.has(item));
  const running = written.filter(({ isHoisted, isInert }) => !isHoisted && !isInert);
  const isMovable = (item: Item): boolean =>
    item.isHoisted ||
    (item.isInert &&
      isDeclaredOnce(outline, item) &&
      !running.some((other) => other.start < item.start && reachesItem(outline, other, item)));
  const moved = new Set([...items].filter(isMovable));
  // @spec DML-CAP-0016
  return [...moved, ...written.filter((item) => !moved.has(item))];
}

/** Checks whether no other declaration gives the item's name another value. */
function isDeclaredOnce({ scopes }: Outline, { node }: Item): boolean {
  const name = 'id' in node && node.id?.type === 'Identifier' ? node.id.name : undefined;
  return name === undefined || scopes.top.get(name)?.declarations.length === 1;
}

function reachesItem(outline: Outline, from: Item, wanted: Item): boolean {
  const seen = new Set([from]);
  for (const item of seen) {
    for (const binding of item.uses) for (const used of outline.itemsOf(binding)) seen.add(used);
    if (item === wanted) return true;
  }
  return false;
}

function exportStatements(
  { outline, demands }: ReachedModule,
  edits: readonly TextEdit[],
): readonly string[] {
  const isRenamed = new Map(edits.map(({ start, text }) => [start, text]));
  const statements: string[] = [];
  for (const [name, declared] of outline.exports) {
    if (!('references' in declared) || !(demands.has(name) || demands.has('*'))) continue;
    const { declaration } = declared;
    const id = declaration.type === 'FunctionDeclaration' ? declaration.id : undefined;
    const local = (id && isRenamed.get(id.start)) ?? declared.name;
    statements.push(`export {${local} as ${quoted(name)}};\n`);
  }
  return statements.sort();
}

function quoted(name: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name);
}
