import { fileURLToPath } from 'node:url';

/** Returns the path of a program that tests run in a process of its own; built, because Node does not run sources. */
export function childProgram(name: string): string {
  const folder = import.meta.url.endsWith('.ts') ? './dist/test/' : './';
  return fileURLToPath(new URL(`${folder}${name}.child.js`, import.meta.url));
}
