import { posix } from 'node:path';
import type { Root } from 'mdast';
import type { Finding } from './finding.ts';
import { anchorsOf, linksOf } from './markdown.ts';

/** The repository as links see it. */
export interface LinkTargets {
  /** Every file and folder, relative to the root. */
  readonly paths: ReadonlySet<string>;
  /** The Markdown documents by path. */
  readonly documents: ReadonlyMap<string, Root>;
}

/** Lists files with all the folders above them. */
export function withFolders(files: Iterable<string>): Set<string> {
  const paths = new Set(['.']);
  for (const file of files)
    for (let path = file; path !== '.' && !paths.has(path); path = posix.dirname(path)) paths.add(path);
  return paths;
}

/** Judges every link of a document. */
export function linkFindings(file: string, root: Root, targets: LinkTargets): Finding[] {
  return linksOf(root).flatMap(({ url, line }) => {
    const code = judge(file, url, targets);
    return code === undefined ? [] : [{ code, file, detail: `${url} in line ${line}` }];
  });
}

function judge(file: string, url: string, { paths, documents }: LinkTargets): Finding['code'] | undefined {
  if (/^([a-z][a-z0-9+.-]*:|\/)/i.test(url))
    return mayBeAbsolute(file, url, paths) ? undefined : 'link_absolute';
  // A query names no file.
  const [, target = '', fragment] = /^([^#?]*)(?:\?[^#]*)?(?:#(.*))?$/.exec(url) ?? [];
  const path =
    target === '' ? file : posix.join(posix.dirname(file), decodeURI(target)).replace(/(?<=.)\/$/, '');
  // @spec DML-TRC-0701
  if (!paths.has(path)) return 'link_broken';
  const document = documents.get(path);
  if (fragment === undefined || document === undefined) return undefined;
  // @spec DML-TRC-0702
  return anchorsOf(document).has(decodeURI(fragment)) ? undefined : 'anchor_broken';
}

function mayBeAbsolute(file: string, url: string, paths: ReadonlySet<string>): boolean {
  // @spec DML-TRC-0704
  if (file.startsWith('specs/')) return false;
  // @spec DML-TRC-0703
  if (/^(\/|file:)/i.test(url)) return false;
  const [, path] = /\/(?:blob|tree|raw|edit)\/[^/]+\/([^?#]+\/[^?#]+)/.exec(url) ?? [];
  return path === undefined || !paths.has(path.replace(/\/$/, ''));
}
