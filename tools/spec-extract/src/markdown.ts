import GithubSlugger from 'github-slugger';
import type { Nodes, Parents, Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';

/** A link, image or definition target of a document. */
export interface MarkdownLink {
  readonly url: string;
  readonly line: number;
}

/** Parses a Markdown document into its syntax tree, positions included. */
export function parseMarkdown(text: string): Root {
  return fromMarkdown(text);
}

/** Visits every node of a tree in document order. */
export function visit(node: Nodes, visitor: (node: Nodes) => void): void {
  visitor(node);
  if (isParent(node)) for (const child of node.children) visit(child, visitor);
}

/** Returns whether a node has children. */
export function isParent(node: Nodes): node is Parents {
  return 'children' in node;
}

/** Joins the prose below a node; code spans and code blocks are left out. */
export function proseOf(node: Nodes): string {
  // @spec DML-TRC-0108
  if (node.type === 'inlineCode' || node.type === 'code') return ' ';
  if (node.type === 'text') return node.value;
  if (node.type === 'break') return ' ';
  const joint = node.type === 'list' || node.type === 'listItem' ? '\n' : '';
  return isParent(node) ? node.children.map(proseOf).join(joint) : '';
}

/** Joins all visible text below a node, code spans included. */
function textOf(node: Nodes): string {
  if (node.type === 'text' || node.type === 'inlineCode') return node.value;
  return isParent(node) ? node.children.map(textOf).join('') : '';
}

/** Returns the source line a node starts at; 1 for a node without a position. */
export function lineOf(node: Nodes): number {
  return node.position?.start.line ?? 1;
}

/** Lists the slugs of all headings in document order, as GitHub numbers them. */
export function headingSlugs(root: Root): Map<Nodes, string> {
  const slugger = new GithubSlugger();
  const slugs = new Map<Nodes, string>();
  visit(root, (node) => {
    if (node.type === 'heading') slugs.set(node, slugger.slug(textOf(node)));
  });
  return slugs;
}

/** Lists every anchor a document offers: heading slugs and explicit HTML anchors. */
export function anchorsOf(root: Root): Set<string> {
  const anchors = new Set(headingSlugs(root).values());
  visit(root, (node) => {
    if (node.type !== 'html') return;
    for (const [, name] of node.value.matchAll(/\b(?:id|name)="([^"]+)"/g)) if (name) anchors.add(name);
  });
  return anchors;
}

/** Lists the link targets of a document; fenced code holds none. */
export function linksOf(root: Root): MarkdownLink[] {
  const links: MarkdownLink[] = [];
  visit(root, (node) => {
    if (node.type === 'link' || node.type === 'image' || node.type === 'definition') {
      links.push({ url: node.url, line: lineOf(node) });
    } else if (node.type === 'html') {
      for (const [, url] of node.value.matchAll(/\b(?:href|src)="([^"]+)"/g)) {
        if (url) links.push({ url, line: lineOf(node) });
      }
    }
  });
  return links;
}

/** Joins what a document says outside of code blocks, link targets included. */
export function citableText(root: Root): string {
  const parts: string[] = [];
  visit(root, (node) => {
    // @spec DML-TRC-0705
    if (node.type === 'text' || node.type === 'inlineCode' || node.type === 'html') parts.push(node.value);
  });
  return parts.join('\n');
}
