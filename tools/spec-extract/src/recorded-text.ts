import { fingerprint } from './fingerprint.ts';
import { parseMarks } from './mark.ts';
import { ID_PATTERN } from './requirement-id.ts';
import type { IndexedRequirement } from './requirement-index.ts';
import type { TextFile } from './text-file.ts';

const ITEM = new RegExp(`^\\s*(?:[-*+]|\\d+[.)])\\s+\\[(${ID_PATTERN})\\](?!\\()(.*)$`);

/**
 * Yields the text of a requirement that still is what the index records, without parsing the document;
 * undefined when only a parser can tell.
 *
 * The fingerprint proves the text, so a guess that goes wrong costs time and never an answer.
 */
export function recordedText(file: TextFile, record: IndexedRequirement): string | undefined {
  const lines = file.text.split(/\r?\n/);
  const start = lines.findIndex((line) => ITEM.exec(line)?.[1] === record.id);
  if (start < 0 || !isHeading(lastHeading(lines, start), record.section)) return undefined;
  const [first = '', ...following] = lines.slice(start);
  const end = following.findIndex((line) => !/^\s+[^\s]/.test(line) || ITEM.test(line));
  const item = [ITEM.exec(first)?.[2] ?? '', ...following.slice(0, end < 0 ? following.length : end)];
  const text = parseMarks(item.join('\n')).rest.replace(/\s+/g, ' ').trim();
  return fingerprint(text) === record.fingerprint ? text : undefined;
}

/** Lists the ids that stand where a list item defines a requirement, code blocks included. */
export function definedIds(file: TextFile): string[] {
  return file.text.split(/\r?\n/).flatMap((line) => ITEM.exec(line)?.[1] ?? []);
}

function lastHeading(lines: readonly string[], before: number): string {
  for (let at = before - 1; at >= 0; at--) {
    const heading = /^#{1,6}\s+(.*)$/.exec(lines[at] ?? '')?.[1];
    if (heading !== undefined) return heading;
  }
  return '';
}

/** Yields whether a slug can be that of a heading; a repeated heading has a number behind its slug. */
function isHeading(heading: string, slug: string): boolean {
  const letters = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  return letters(slug) === letters(heading) || letters(slug.replace(/-\d+$/, '')) === letters(heading);
}
