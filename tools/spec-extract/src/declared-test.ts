import ts from 'typescript';
import { parseTitle, type TitleCitation } from './requirement-id.ts';
import { parseSource } from './source-tree.ts';
import type { TextFile } from './text-file.ts';
import { hasHoles } from './title-pattern.ts';

/** A test whose title stands in the source, whether or not it ever ran. */
export interface DeclaredTest extends TitleCitation {
  readonly file: string;
}

const DECLARES = /^(it|test)$/;

/** Lists the tests of a file whose titles mention an id; titles computed at run time are not seen. */
export function declaredTests(file: TextFile): DeclaredTest[] {
  if (!file.text.includes('DML-')) return [];
  return titleArguments(file).flatMap((argument) => {
    const title = literalText(argument);
    if (title === undefined) return [];
    const citation = parseTitle(title);
    return citation.cited.length + citation.misplaced.length > 0 ? [{ ...citation, file: file.path }] : [];
  });
}

/** Returns whether a file declares a test whose ids, if it cites any, are known only when it runs. */
export function computesTitles(file: TextFile): boolean {
  return titleArguments(file).some((argument) => {
    const title = literalText(argument);
    return title === undefined || (hasHoles(title) && parseTitle(title).cited.length === 0);
  });
}

function titleArguments(file: TextFile): ts.Expression[] {
  if (!/\b(?:it|test)[.(`]/.test(file.text)) return [];
  const found: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    const [title] = ts.isCallExpression(node) ? node.arguments : [];
    if (title !== undefined && ts.isCallExpression(node) && DECLARES.test(rootName(node.expression)))
      if (!isTable(node)) found.push(title);
    ts.forEachChild(node, visit);
  };
  visit(parseSource(file.path, file.text));
  return found;
}

/** Returns whether a call only hands over the table of `it.each(table)(title, …)`, or a condition. */
function isTable(call: ts.CallExpression): boolean {
  return ts.isCallExpression(call.parent) && call.parent.expression === call
    ? true
    : ts.isPropertyAccessExpression(call.parent);
}

/** Returns the identifier that a callee starts with: `it` for `it.each(table)`. */
function rootName(callee: ts.Expression): string {
  if (ts.isIdentifier(callee)) return callee.text;
  if (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee))
    return rootName(callee.expression);
  return ts.isTaggedTemplateExpression(callee) ? rootName(callee.tag) : '';
}

/** Returns the text of a literal title; the holes of a template are `%s`. */
function literalText(node: ts.Expression | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map((span) => `%s${span.literal.text}`).join('');
  }
  return undefined;
}
