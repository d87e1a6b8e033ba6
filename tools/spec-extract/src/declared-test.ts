import ts from 'typescript';
import { parseTitle, type TitleCitation } from './requirement-id.ts';
import { parseSource } from './source-tree.ts';
import type { TextFile } from './text-file.ts';

/** A test whose title stands in the source, whether or not it ever ran. */
export interface DeclaredTest extends TitleCitation {
  readonly file: string;
}

const DECLARES = /^(it|test)$/;

/** Lists the tests of a file whose titles mention an id; titles computed at run time are not seen. */
export function declaredTests(file: TextFile): DeclaredTest[] {
  if (!file.text.includes('DML-')) return [];
  const tests: DeclaredTest[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && DECLARES.test(rootName(node.expression))) {
      const title = literalText(node.arguments[0]);
      const citation = title === undefined ? undefined : parseTitle(title);
      if (citation !== undefined && citation.cited.length + citation.misplaced.length > 0) {
        tests.push({ ...citation, file: file.path });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(parseSource(file.path, file.text));
  return tests;
}

/** The identifier a callee starts with: `it` for `it.each(table)`. */
function rootName(callee: ts.Expression): string {
  if (ts.isIdentifier(callee)) return callee.text;
  if (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee))
    return rootName(callee.expression);
  return ts.isTaggedTemplateExpression(callee) ? rootName(callee.tag) : '';
}

/** The text of a literal title; the holes of a template are left as `%s`. */
function literalText(node: ts.Expression | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map((span) => `%s${span.literal.text}`).join('');
  }
  return undefined;
}
