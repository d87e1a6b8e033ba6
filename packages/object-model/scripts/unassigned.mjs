/**
 * Writes src/text/unassigned.ts, the code points that Unicode 15.0 leaves unassigned.
 *
 * Needs a Node whose own tables are those of Unicode 15.0, such as 20.5:
 * `npx --yes -p node@20.5.1 node scripts/unassigned.mjs`
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const VERSION = '15.0';
const LINE_LENGTH = 96;

if (process.versions.unicode !== VERSION) {
  throw new Error(`this Node has the tables of Unicode ${process.versions.unicode}, not ${VERSION}`);
}

const numbers = [];
let isUnassigned = false;
let changedAt = 0;
for (let point = 0; point <= 0x110000; point++) {
  const next = point < 0x110000 && /\p{Cn}/u.test(String.fromCodePoint(point));
  if (next === isUnassigned && point < 0x110000) continue;
  if (point === 0x110000 && !isUnassigned) break;
  numbers.push((point - changedAt).toString(36));
  changedAt = point;
  isUnassigned = next;
}

const lines = [''];
for (const number of numbers) {
  const line = lines.at(-1);
  if (line.length + number.length + 1 > LINE_LENGTH) lines.push(number);
  else lines[lines.length - 1] = line === '' ? number : `${line} ${number}`;
}

const source = `/**
 * The code points that Unicode ${VERSION} leaves unassigned, written by \`scripts/unassigned.mjs\`.
 *
 * Numbers in base 36 that alternate from U+0000 on: how many code points are assigned, how many are not.
 */
export const UNASSIGNED_RUNS: string = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join(' ');
`;
writeFileSync(fileURLToPath(new URL('../src/text/unassigned.ts', import.meta.url)), source);
