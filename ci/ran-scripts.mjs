/** What programs and threads have run of the built packages, from the files that NODE_V8_COVERAGE makes Node write. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedPositionFor, TraceMap } from '@jridgewell/trace-mapping';

export class RanScripts {
  #root;
  /** For each built script, by its path, one byte for each character: whether some process has run it. */
  #ran = new Map();
  #maps = new Map();

  constructor(root) {
    this.#root = root;
  }

  /** Takes in and removes the files of a folder that are whole. */
  takeIn(folder) {
    for (const name of readdirSync(folder)) {
      const file = join(folder, name);
      let scripts;
      try {
        scripts = JSON.parse(readFileSync(file, 'utf8')).result;
      } catch {
        // Still being written; the next look finds it whole.
        continue;
      }
      for (const script of scripts) this.#add(script);
      rmSync(file);
    }
  }

  /** Checks whether some process has run the code at a place of a source, by line from 1 and column from 0. */
  hasRun(source, { line, column }) {
    const built = source.replace('/src/', '/dist/').replace(/\.ts$/, '.js');
    const ran = this.#ran.get(built);
    if (ran === undefined || line === undefined) return false;
    const { map, lineStarts } = this.#mapOf(built);
    const at = generatedPositionFor(map, { source: map.sources[0], line, column });
    return at.line !== null && ran[lineStarts[at.line - 1] + at.column] === 1;
  }

  #add({ url, functions }) {
    if (!url.startsWith('file:')) return;
    const path = fileURLToPath(url);
    if (!path.startsWith(`${this.#root}/packages/`) || !path.includes('/dist/')) return;
    const name = path.slice(this.#root.length + 1);
    if (!existsSync(path)) return;
    const sum = this.#ran.get(name) ?? new Uint8Array(readFileSync(path, 'utf8').length);
    this.#ran.set(name, sum);
    const one = new Uint8Array(sum.length);
    // Outer ranges come before those inside of them, which say it more exactly.
    for (const { ranges } of functions)
      for (const { startOffset, endOffset, count } of ranges)
        one.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    for (const [at, value] of one.entries()) if (value === 1) sum[at] = 1;
  }

  #mapOf(built) {
    const known = this.#maps.get(built);
    if (known !== undefined) return known;
    const text = readFileSync(join(this.#root, built), 'utf8');
    const lineStarts = [0];
    for (const { index } of text.matchAll(/\n/g)) lineStarts.push(index + 1);
    const map = new TraceMap(readFileSync(join(this.#root, `${built}.map`), 'utf8'));
    const entry = { map, lineStarts };
    this.#maps.set(built, entry);
    return entry;
  }
}
