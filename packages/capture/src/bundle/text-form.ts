import type { Node } from 'oxc-parser';
import { type Piece, piecesOf, type TextEdit } from '../by-name/pieces.ts';
import { forEachChild, parse } from '../by-name/syntax-tree.ts';

/**
 * Returns what is left of a bundle in which the bundler named every function, without comments, paths and the names
 * that the code has by itself.
 */
export function withoutOwnNames(text: string): readonly Piece[] {
  const { program, comments } = parse('bundle.mjs', text, 'js');
  const edits: TextEdit[] = comments.map(({ start, end }) => cutOut(text, start, end));
  const visit = (node: Node, around: readonly Node[]): void => {
    edits.push(...namingEdits(text, node, around), ...pathEdits(node));
    forEachChild(node, (child) => visit(child, [node, ...around]));
  };
  visit(program, []);
  return piecesOf(withoutOverlaps(edits), 0, text.length);
}

const NAMING = '__name';

function namingEdits(text: string, node: Node, around: readonly Node[]): readonly TextEdit[] {
  const [parent, block, , owner, holder] = around;
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== NAMING)
    return [];
  const [target, name] = node.arguments;
  if (!target || name?.type !== 'Literal') return [];
  if (target.type === 'ThisExpression') {
    if (block?.type !== 'StaticBlock' || owner?.type !== 'ClassExpression') return [];
    const own = owner.id ?? (holder?.type === 'VariableDeclarator' ? holder.id : undefined);
    return own?.type === 'Identifier' && own.name === name.value
      ? [cutOut(text, block.start, block.end)]
      : [];
  }
  if (target.type === 'Identifier') {
    const isStatement = parent?.type === 'ExpressionStatement' && target.name === name.value;
    return isStatement ? [cutOut(text, parent.start, parent.end)] : [];
  }
  const id =
    parent?.type === 'VariableDeclarator' ? parent.id : parent?.type === 'Property' ? parent.key : undefined;
  if (id?.type !== 'Identifier' || id.name !== name.value) return [];
  return [
    { start: node.start, end: target.start, text: '' },
    { start: target.end, end: node.end, text: '' },
  ];
}

/** Returns edits that drop the paths of files, by which the bundler calls CommonJS modules. */
function pathEdits(node: Node): readonly TextEdit[] {
  if (
    node.type !== 'CallExpression' ||
    node.callee.type !== 'Identifier' ||
    node.callee.name !== '__commonJS'
  )
    return [];
  const [table] = node.arguments;
  if (table?.type !== 'ObjectExpression') return [];
  return table.properties.flatMap((property) =>
    property.type === 'Property' ? [{ start: property.key.start, end: property.key.end, text: '""' }] : [],
  );
}

/** Takes a stretch of text out, with its whole line where nothing else stands in it. */
function cutOut(text: string, start: number, end: number): TextEdit {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const isWholeLine = text.slice(lineStart, start).trim() === '' && text[end] === '\n';
  return { start: isWholeLine ? lineStart : start, end: isWholeLine ? end + 1 : end, text: '' };
}

function withoutOverlaps(edits: readonly TextEdit[]): readonly TextEdit[] {
  let end = -1;
  return [...edits]
    .sort((a, b) => a.start - b.start || b.end - a.end)
    .filter((edit) => {
      if (edit.start < end) return false;
      end = edit.end;
      return true;
    });
}
