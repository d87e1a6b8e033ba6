import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';

import { isOfRecords } from './vector-files.ts';

const vectorFolder = join(import.meta.dirname, '../../../vectors');
const OTHER_AREAS = /^(?:search-tree|blob)/;
let bundle = '';
let inputs: readonly string[] = [];

beforeAll(async () => {
  const result = await build({
    entryPoints: [join(import.meta.dirname, 'browser-entry.ts')],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    globalName: 'objectModel',
    target: 'es2022',
    conditions: ['@daggerml/source'],
    metafile: true,
    logLevel: 'silent',
  });
  bundle = result.outputFiles[0]!.text;
  inputs = Object.keys(result.metafile.inputs);
});

/** The globals of the web that the package may use, and nothing of Node. */
function browserContext(): object {
  return createContext(
    { TextEncoder, TextDecoder, btoa, atob, URL },
    { codeGeneration: { strings: false, wasm: false } },
  );
}

describe('a bundle for browsers', () => {
  it('contains no module of Node [DML-OBJ-0102]', () => {
    expect(
      inputs.filter((path) => path.startsWith('node:') || /sha256-node|cbor-extract|node-index/.test(path)),
    ).toEqual([]);
    expect(inputs.some((path) => path.endsWith('sha256-portable.ts'))).toBe(true);
    expect(bundle).not.toMatch(/\brequire\(["']node:/);
  });

  it('runs the vectors where Node is not there [DML-OBJ-0102]', () => {
    const files = readdirSync(vectorFolder, { recursive: true, encoding: 'utf8' })
      .filter((path) => isOfRecords(path) && !OTHER_AREAS.test(path))
      .map((path) => JSON.parse(readFileSync(join(vectorFolder, path), 'utf8')) as unknown);
    const context = browserContext();
    expect(runInContext('typeof process + typeof Buffer + typeof require + typeof module', context)).toBe(
      'undefined'.repeat(4),
    );
    runInContext(bundle, context);
    Object.assign(context, { files: JSON.stringify(files) });
    const report = JSON.parse(runInContext('objectModel.runVectors(files)', context) as string) as {
      readonly count: number;
      readonly problems: readonly string[];
    };
    expect(report.problems).toEqual([]);
    expect(report.count).toBeGreaterThan(300);
  });
});
