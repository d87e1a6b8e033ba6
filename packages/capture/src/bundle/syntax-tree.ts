import { type AnyNode, type Program, parse } from 'acorn';
import { cutOut, type TextEdit } from './text-edits.ts';

/** Parses the text of a bundle. */
export function parseBundle(text: string): Program {
  return parse(text, syntax);
}

/** Plans to take out every comment, with its whole line where nothing else stands in it. */
export function planComments(text: string): readonly TextEdit[] {
  const edits: TextEdit[] = [];
  const onComment = (_isBlock: boolean, _text: string, start: number, end: number): void => {
    edits.push(cutOut(text, { start, end }));
  };
  parse(text, { ...syntax, onComment });
  return edits;
}

const syntax = { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true } as const;

/** Visits the nodes directly below a node, in the order of the text. */
export function forEachChild(node: AnyNode, visit: (child: AnyNode) => void): void {
  // Iterators and entries would cost several times as much, and bundles of libraries have millions of nodes.
  for (const key in node) {
    const value: unknown = node[key as keyof AnyNode];
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) visit(item);
    } else if (isNode(value)) visit(value);
  }
}

function isNode(value: object | null): value is AnyNode {
  return value !== null && typeof (value as { type?: unknown }).type === 'string';
}
