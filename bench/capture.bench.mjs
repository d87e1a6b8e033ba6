import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FunctionCapture } from '@daggerml/capture';
import { build } from 'esbuild';
import { interleave, judge, median, ratio, timeMs, withFolder } from './harness.mjs';

const packages = fileURLToPath(new URL('node_modules', import.meta.url));
const steps = new URL('fixtures/library-steps.mjs', import.meta.url);

export async function run() {
  return withFolder(async (root) => {
    let folders = 0;
    /** Returns a file in a folder of its own, of which nothing is known yet. */
    const fresh = () => {
      const folder = join(root, String(folders++));
      mkdirSync(folder);
      symlinkSync(packages, join(folder, 'node_modules'));
      copyFileSync(steps, join(folder, 'steps.mjs'));
      return join(folder, 'steps.mjs');
    };
    let bundleBytes = 0;
    const times = await interleave([
      {
        name: 'capture',
        run: () => {
          const source = { moduleUrl: pathToFileURL(fresh()).href, exportName: 'names' };
          return timeMs(() => {
            bundleBytes = new FunctionCapture().capture(source).bundle.length;
          });
        },
      },
      {
        name: 'esbuild',
        run: () => {
          const options = { bundle: true, minify: true, write: false, format: 'esm', platform: 'node' };
          const entryPoints = [fresh()];
          return timeMs(() => build({ ...options, entryPoints, outfile: 'out.mjs', sourcemap: 'external' }));
        },
      },
    ]);
    const seen = (name) => `${median(times.get(name)).toFixed(0)} ms`;
    return [
      judge('DML-CAP-0902', {
        what: `capture a function with a library, ${(bundleBytes / 1000).toFixed(0)} kB (${seen('capture')})`,
        against: `esbuild alone (${seen('esbuild')})`,
        value: ratio(times, 'capture', 'esbuild'),
        atMost: 2,
      }),
    ];
  });
}
