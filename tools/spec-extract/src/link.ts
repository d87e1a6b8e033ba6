import { posix } from 'node:path';
import type { Root } from 'mdast';
import type { Finding } from './finding.ts';
import { anchorsOf, linksOf, type MarkdownLink, parseMarkdown } from './markdown.ts';
import type { TextFile } from './text-file.ts';

/** The repository as links see it. */
export interface LinkTargets {
  /** Every file and folder, relative to the root. */
  readonly paths: ReadonlySet<string>;
  /** Returns the anchors of a Markdown document; undefined for any other file. */
  anchors(path: string): ReadonlySet<string> | undefined;
}

/** Prepares the targets of all links; anchors of a document are computed once, on first use. */
export function linkTargets(files: Iterable<string>, documents: readonly TextFile[]): LinkTargets {
  const byPath = new Map(documents.map((document) => [document.path, document]));
  const cache = new Map<string, ReadonlySet<string>>();
  return {
    paths: withFolders(files),
    anchors(path) {
      const document = byPath.get(path);
      if (document === undefined) return undefined;
      const known = cache.get(path) ?? anchorsOf(parseMarkdown(document.text));
      cache.set(path, known);
      return known;
    },
  };
}

/** Judges every link of a document. */
export function linkFindings(file: string, root: Root, targets: LinkTargets): Finding[] {
  return linksOf(root).flatMap((link) => judge(file, link, targets) ?? []);
}

function judge(file: string, link: MarkdownLink, targets: LinkTargets): Finding | undefined {
  const detail = `${link.url} in line ${link.line}`;
  if (isAbsolute(link.url)) {
    return mayBeAbsolute(file, link.url, targets) ? undefined : { code: 'link_absolute', file, detail };
  }
  const [target = '', fragment] = splitFragment(link.url);
  const path =
    target === '' ? file : posix.normalize(posix.join(posix.dirname(file), target)).replace(/\/$/, '');
  // @spec DML-TRC-0701
  if (!targets.paths.has(path)) return { code: 'link_broken', file, detail };
  if (fragment === undefined) return undefined;
  const anchors = targets.anchors(path);
  // @spec DML-TRC-0702
  if (anchors !== undefined && !anchors.has(fragment)) return { code: 'anchor_broken', file, detail };
  return undefined;
}

function isAbsolute(url: string): boolean {
  return /^([a-z][a-z0-9+.-]*:|\/)/i.test(url);
}

function mayBeAbsolute(file: string, url: string, targets: LinkTargets): boolean {
  // @spec DML-TRC-0704
  if (file.startsWith('specs/')) return false;
  // @spec DML-TRC-0703
  if (/^(\/|file:)/i.test(url)) return false;
  const [, path] = /\/(?:blob|tree|raw|edit)\/[^/]+\/([^?#]+\/[^?#]+)/.exec(url) ?? [];
  return path === undefined || !targets.paths.has(path.replace(/\/$/, ''));
}

/** Splits a relative link into its decoded path and fragment; a query names no file. */
function splitFragment(url: string): [string, string | undefined] {
  const hash = url.indexOf('#');
  const path = hash < 0 ? url : url.slice(0, hash);
  return [decode(path.replace(/\?.*$/, '')), hash < 0 ? undefined : decode(url.slice(hash + 1))];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withFolders(files: Iterable<string>): Set<string> {
  const paths = new Set(['.']);
  for (const file of files) {
    for (let path = file; path !== '.' && !paths.has(path); path = posix.dirname(path)) paths.add(path);
  }
  return paths;
}
