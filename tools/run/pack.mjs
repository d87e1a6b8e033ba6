/** `npm run pack -- <folder>`: builds every published package and puts its tarball into the folder. */
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from './build.mjs';
import { capture, say, script } from './process.mjs';
import { packagesIn, readManifest, root } from './workspace.mjs';

await script(async () => {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('say where to: npm run pack -- <folder>');
  const target = resolve(process.env.INIT_CWD ?? process.cwd(), folder);
  const published = packagesIn('packages').filter(({ manifest }) => !manifest.private);
  // The compiler leaves what it made of a source that is gone.
  for (const { folder } of published) rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
  await build();
  say('packing …');
  mkdirSync(target, { recursive: true });
  // pnpm, since only it puts versions in the place of what `workspace:` and `catalog:` stand for.
  const { packageManager } = readManifest(root);
  const filters = published.flatMap(({ manifest }) => ['--filter', manifest.name]);
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
  process.stdout.write(`${published.length} packages in ${target}: npm install "${target}"/*.tgz\n`);
});
