/**
 * Compiled files whose source is gone: the compiler leaves them where they lie, and a package would publish them.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { packagesIn, root } from './workspace.mjs';

/** Removes the compiled files of packages and tools that no source stands for; yields their paths. */
export function removeOrphans(base = root) {
  const orphans = ['packages', 'tools']
    .flatMap((parent) => packagesIn(parent, base))
    .flatMap(({ folder, manifest }) =>
      orphansIn(join(base, folder), manifest).map((path) => `${folder}/dist/${path}`),
    );
  for (const orphan of orphans) rmSync(join(base, orphan));
  return orphans;
}

function orphansIn(folder, manifest) {
  const dist = join(folder, 'dist');
  if (!existsSync(dist)) return [];
  // What a package bundles for its published program comes from no source of the same name.
  const bundled = Object.values(manifest.publishConfig?.bin ?? {}).map((path) => dirname(join(folder, path)));
  return readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) => {
    const compiled = /^(.*?)(?:\.d)?\.(?:js|ts)$/.exec(path);
    if (compiled === null || bundled.some((place) => join(dist, path).startsWith(place + sep))) return false;
    return !existsSync(join(folder, 'src', `${compiled[1]}.ts`));
  });
}
