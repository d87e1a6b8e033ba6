/** Gate: every relative link in a Markdown file leads to a file that exists, every anchor to a heading. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { filesBelow, runGate } from './gate.mjs';

export function check(root) {
  const anchorsOf = new Map();
  const problems = [];
  for (const file of filesBelow(root, (path) => path.endsWith('.md') && !path.startsWith('.changeset/'))) {
    for (const { line, target } of linksIn(readFileSync(join(root, file), 'utf8'))) {
      const problem = problemOf(root, file, target, anchorsOf);
      if (problem !== undefined) problems.push(`${file}:${line}: ${problem}: ${target}`);
    }
  }
  return problems;
}

function problemOf(root, file, target, anchorsOf) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined;
  if (target.startsWith('/')) return 'link is not relative';
  const [path = '', anchor] = target.split('#');
  const linked = path === '' ? file : posix.normalize(posix.join(dirname(file), decodeURI(path)));
  if (linked.startsWith('../')) return 'link leaves the repository';
  if (!existsSync(join(root, linked))) return 'no such file';
  if (anchor === undefined || !linked.endsWith('.md') || statSync(join(root, linked)).isDirectory())
    return undefined;
  if (!anchorsOf.has(linked)) anchorsOf.set(linked, anchorsIn(readFileSync(join(root, linked), 'utf8')));
  return anchorsOf.get(linked).has(decodeURIComponent(anchor)) ? undefined : 'no such heading';
}

/** Yields the link targets of a Markdown text with their lines; code is not looked at. */
function linksIn(text) {
  const links = [];
  for (const { line, content } of proseLines(text)) {
    const prose = content.replace(/`[^`]*`/g, '');
    for (const match of prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g))
      links.push({ line, target: match[1] });
    const definition = /^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)/.exec(prose);
    if (definition !== null) links.push({ line, target: definition[1] });
  }
  return links;
}

/** Yields the anchors a Markdown text offers: heading slugs as GitHub makes them, and explicit ids. */
function anchorsIn(text) {
  const anchors = new Set();
  const seen = new Map();
  for (const { content } of proseLines(text)) {
    for (const match of content.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(match[1]);
    const heading = /^#{1,6}\s+(.*?)\s*#*\s*$/.exec(content);
    if (heading === null) continue;
    const slug = slugOf(heading[1]);
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return anchors;
}

function slugOf(heading) {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
    .replace(/ /g, '-');
}

function proseLines(text) {
  const lines = [];
  let fence;
  text.split('\n').forEach((content, index) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(content)?.[1];
    if (fence === undefined && mark !== undefined) fence = mark;
    else if (fence !== undefined && mark?.startsWith(fence)) fence = undefined;
    else if (fence === undefined) lines.push({ line: index + 1, content });
  });
  return lines;
}

await runGate(import.meta.url, 'links', check);
