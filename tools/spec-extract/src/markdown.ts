import GithubSlugger from 'github-slugger';
import type { Nodes, Parents, Root } from 'mdast';

/** A link, image or definition target of a document. */
export interface MarkdownLink {
  readonly url: string;
  readonly line: number;
}

/** Lists a node and every node below it in document order. */
export function nodesOf(node: Nodes): Nodes[] {
  return [node, ...(isParent(node) ? node.children.flatMap(nodesOf) : [])];
}

/** Checks whether a node has children. */
export function isParent(node: Nodes): node is Parents {
  return 'children' in node;
}

/** Joins the prose below a node; code spans and code blocks are left out. */
export function proseOf(node: Nodes): string {
  // @spec DML-TRC-0108
  if (node.type === 'inlineCode' || node.type === 'code' || node.type === 'break') return ' ';
  if (node.type === 'text') return node.value;
  const joint = node.type === 'list' || node.type === 'listItem' ? '\n' : '';
  return isParent(node) ? node.children.map(proseOf).join(joint) : '';
}

/** Returns the source line a node starts at. */
export function lineOf(node: Nodes): number {
  return node.position?.start.line ?? 1;
}

/** Lists the slugs of all headings in document order, as GitHub numbers them. */
export function headingSlugs(root: Root): Map<Nodes, string> {
  const slugger = new GithubSlugger();
  const headings = nodesOf(root).filter(({ type }) => type === 'heading');
  return new Map(headings.map((node) => [node, slugger.slug(visibleText(node).join(''))]));
}

function visibleText(node: Nodes): string[] {
  return nodesOf(node).flatMap((at) => (at.type === 'text' || at.type === 'inlineCode' ? [at.value] : []));
}

/** Lists every anchor a document offers: heading slugs and explicit HTML anchors. */
export function anchorsOf(root: Root): Set<string> {
  const explicit = htmlAttributes(root, /\b(?:id|name)="([^"]+)"/g).map(({ url }) => url);
  return new Set([...headingSlugs(root).values(), ...explicit]);
}

/** Lists the link targets of a document; fenced code holds none. */
export function linksOf(root: Root): MarkdownLink[] {
  const links = nodesOf(root).flatMap((node) =>
    node.type === 'link' || node.type === 'image' || node.type === 'definition'
      ? [{ url: node.url, line: lineOf(node) }]
      : [],
  );
  return [...links, ...htmlAttributes(root, /\b(?:href|src)="([^"]+)"/g)];
}

function htmlAttributes(root: Root, pattern: RegExp): MarkdownLink[] {
  return nodesOf(root).flatMap((node) => {
    if (node.type !== 'html') return [];
    return [...node.value.matchAll(pattern)].map(([, url = '']) => ({ url, line: lineOf(node) }));
  });
}

/** Joins what a document says outside of code blocks. */
export function citableText(root: Root): string {
  const html = nodesOf(root).flatMap((node) => (node.type === 'html' ? [node.value] : []));
  // @spec DML-TRC-0705
  return [...visibleText(root), ...html].join('\n');
}
