/** Captures a file or folder into a repository, as a process of its own, and answers with what that took. */
import { readFileSync } from 'node:fs';
import { Repository } from '@daggerml/bindings';
import { timeMs } from './harness.mjs';

const [repositoryFolder, input, method] = process.argv.slice(2);
let peakAnonymousKiB = 0;
let readFiles;

/** Measures the memory of the process itself, without the pages of mapped files. */
function measureMemory() {
  const found = /^RssAnon:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  peakAnonymousKiB = Math.max(peakAnonymousKiB, Number(found?.[1] ?? 0));
}

const repository = await Repository.open(repositoryFolder);
const spentMs = await timeMs(async () => {
  const dag = repository.newDag('folder', {
    onEvent: (event) => {
      if (event.type === 'directory-progress' && event.files % 1000 === 0) measureMemory();
      if (event.type === 'directory-captured') readFiles = event.readFiles;
    },
  });
  await dag.commit(await dag[method](input));
});
measureMemory();
await repository.close();
process.stdout.write(JSON.stringify({ spentMs, readFiles, peakAnonymousMiB: peakAnonymousKiB / 1024 }));
