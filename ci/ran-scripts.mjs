/** What programs and threads have run of the built packages, from the files that NODE_V8_COVERAGE makes Node write. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodedMappings, generatedPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import ts from 'typescript';
import { tools } from '../tools/run/workspace.mjs';

export class RanScripts {
  #root;
  #mapsFolder;
  /** For each built script, by its path, what some process has run of it. */
  #scripts = new Map();
  #maps = new Map();
  /** For each program that was bundled of built scripts, by its path, where in it they are. */
  #bundles = new Map();

  /** Builds have no source maps: those of a package are made in the folder of its name below `mapsFolder`, once. */
  constructor(root, mapsFolder) {
    this.#root = root;
    this.#mapsFolder = mapsFolder;
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

  /** Checks whether some process has taken one arm of a branch of a source file; branches are those of a report. */
  hasTaken(source, { type, loc, locations }, arm) {
    const built = source.replace('/src/', '/dist/').replace(/\.ts$/, '.js');
    const script = this.#scripts.get(built);
    if (script === undefined) return false;
    const at = this.#offsetIn(built, type === 'if' ? loc.start : locations[arm].start);
    if (at === undefined) return false;
    if (type === 'switch') return script.ran[script.bodies.get(at) ?? at] === 1;
    if (type !== 'if') return script.ran[at] === 1;
    const [taken, other] = script.ifs.get(at) ?? [];
    if (arm === 0) return script.ran[taken] === 1;
    return other === undefined ? script.skipped.has(at) : script.ran[other] === 1;
  }

  #add({ url, functions }) {
    if (!url.startsWith('file:')) return;
    const path = fileURLToPath(url);
    if (!path.startsWith(`${this.#root}/packages/`) || !path.includes('/dist/')) return;
    if (!existsSync(path)) return;
    if (existsSync(`${path}.map`)) this.#addBundle(path, functions);
    else {
      const script = this.#scriptOf(path);
      addCounts(script, countsOf(functions, script.ran.length));
    }
  }

  #addBundle(path, functions) {
    let bundle = this.#bundles.get(path);
    if (bundle === undefined) {
      const parts = placesIn(path).map(({ source, of }) => ({ script: this.#scriptOf(source), of }));
      bundle = { length: readFileSync(path, 'utf8').length, parts };
      this.#bundles.set(path, bundle);
    }
    const counts = countsOf(functions, bundle.length);
    for (const { script, of } of bundle.parts) {
      const own = new Float64Array(of.length);
      for (let at = 0; at < of.length; at += 1) if (of[at] >= 0) own[at] = counts[of[at]];
      addCounts(script, own);
    }
  }

  #scriptOf(path) {
    const name = path.slice(this.#root.length + 1);
    const script = this.#scripts.get(name) ?? scriptOf(readFileSync(path, 'utf8'));
    this.#scripts.set(name, script);
    return script;
  }

  /** Returns the offset in a built script of a place in its source, by line from 1 and column from 0. */
  #offsetIn(built, { line, column }) {
    let known = this.#maps.get(built);
    if (known === undefined) {
      const lineStarts = lineStartsOf(readFileSync(join(this.#root, built), 'utf8'));
      known = { map: new TraceMap(readFileSync(this.#mapFileOf(built), 'utf8')), lineStarts };
      this.#maps.set(built, known);
    }
    if (line === undefined) return undefined;
    const at = generatedPositionFor(known.map, { source: known.map.sources[0], line, column });
    return at.line === null ? undefined : known.lineStarts[at.line - 1] + at.column;
  }

  /** Returns the file of the source map of a built script. */
  #mapFileOf(built) {
    const [, name, path] = /^packages\/([^/]+)\/dist\/(.*)$/.exec(built);
    const folder = join(this.#mapsFolder, name);
    if (!existsSync(folder)) {
      const off = ['declaration', 'isolatedDeclarations', 'composite', 'incremental'];
      const options = ['--sourceMap', '--noCheck', ...off.flatMap((option) => [`--${option}`, 'false'])];
      const project = ['-p', join(this.#root, 'packages', name), '--outDir', folder];
      execFileSync(process.execPath, [tools.tsc, ...project, ...options]);
    }
    return join(folder, `${path}.map`);
  }
}

/** Returns for each character of a script how often it has run. */
function countsOf(functions, length) {
  const counts = new Float64Array(length);
  // Outer ranges come before those inside of them, which say it more exactly.
  for (const { ranges } of functions)
    for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
  return counts;
}

function addCounts(script, counts) {
  for (let at = 0; at < counts.length; at += 1) if (counts[at] > 0) script.ran[at] = 1;
  for (const [at, [taken]] of script.ifs) if (counts[at] > counts[taken]) script.skipped.add(at);
}

/**
 * Returns, for each script that a bundle is made of, the offset in the bundle of each of its characters, or -1. A source
 * map has the beginnings of most expressions; up to the next of them the two texts are alike.
 */
function placesIn(path) {
  const map = new TraceMap(readFileSync(`${path}.map`, 'utf8'));
  const text = readFileSync(path, 'utf8');
  const lineStarts = lineStartsOf(text);
  const scripts = map.sources.map((name) => builtScript(join(dirname(path), name ?? '')));
  const marks = [];
  for (const [line, segments] of decodedMappings(map).entries())
    for (const [column, index, sourceLine, sourceColumn] of segments) {
      const script = scripts[index];
      if (script === undefined) continue;
      const start = lineStarts[line] + column;
      // A mark of a statement stands before the spaces that indent it.
      const [indent] = /^ */.exec(text.slice(start, start + 80));
      marks.push({ index, from: script.lineStarts[sourceLine] + sourceColumn, at: start + indent.length });
    }
  for (const [number, mark] of marks.entries()) mark.end = marks[number + 1]?.at ?? mark.at + 1;
  marks.sort((one, other) => one.index - other.index || one.from - other.from || one.at - other.at);
  for (const [number, { index, from, at, end }] of marks.entries()) {
    const { of } = scripts[index];
    const next = marks[number + 1];
    const to = next?.index === index ? next.from : of.length;
    for (let each = from; each < to; each += 1) of[each] = Math.min(at + each - from, end - 1);
  }
  return scripts.filter((script) => script !== undefined);
}

/** Returns a built script whose characters are nowhere yet; undefined for a source that is none. */
function builtScript(source) {
  if (!source.includes('/dist/') || !existsSync(source)) return undefined;
  const text = readFileSync(source, 'utf8');
  return { source, lineStarts: lineStartsOf(text), of: new Int32Array(text.length).fill(-1) };
}

function lineStartsOf(text) {
  return [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
}

/** Returns a script of which nothing has run yet, with the places of its `if` statements and `case` clauses. */
function scriptOf(text) {
  const script = { ran: new Uint8Array(text.length), ifs: new Map(), bodies: new Map(), skipped: new Set() };
  const visit = (node) => {
    if (ts.isIfStatement(node))
      script.ifs.set(node.getStart(), [node.thenStatement.getStart(), node.elseStatement?.getStart()]);
    else if (ts.isCaseOrDefaultClause(node) && node.statements.length > 0)
      script.bodies.set(node.getStart(), node.statements[0].getStart());
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('built.js', text, ts.ScriptTarget.Latest, true));
  return script;
}
