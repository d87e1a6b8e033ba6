/** `npm run pack -- <folder>`: builds every published package and puts its tarball into the folder. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from './build.mjs';
import { capture, say, script } from './process.mjs';
import { packagesIn, readManifest, root } from './workspace.mjs';

await script(async () => {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('say where to: npm run pack -- <folder>');
  const target = resolve(process.env.INIT_CWD ?? process.cwd(), folder);
  await build();
  say('packing …');
  mkdirSync(target, { recursive: true });
  const names = packagesIn('packages')
    .filter(({ manifest }) => !manifest.private)
    .map(({ manifest }) => manifest.name);
  // pnpm, since only it puts versions in the place of what `workspace:` and `catalog:` stand for.
  const { packageManager } = readManifest(root);
  const filters = names.flatMap((name) => ['--filter', name]);
  const pnpm = [
    '--yes',
    '--prefer-offline',
    packageManager,
    '-r',
    ...filters,
    'pack',
    '--pack-destination',
    target,
  ];
  const packed = await capture('npx', pnpm, { shell: process.platform === 'win32' });
  if (packed.code !== 0) throw new Error(`the packages cannot be packed:\n${packed.output}`);
  process.stdout.write(`${names.length} packages in ${target}: npm install "${target}"/*.tgz\n`);
});
