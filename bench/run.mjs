/** `npm run bench [-- <name> …]`: runs the benchmarks and prints one table; `--write` renews docs/BENCHMARKS.md. */
import { readdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';

const args = process.argv.slice(2);
const write = args.includes('--write');
const wanted = args.filter((argument) => !argument.startsWith('--'));
const files = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.bench.mjs'))
  .filter((file) => wanted.length === 0 || wanted.includes(file.replace('.bench.mjs', '')));
if (files.length === 0) {
  process.stderr.write(`no such benchmark: ${wanted.join(', ')}\n`);
  process.exit(2);
}

const rows = [];
for (const file of files) {
  process.stderr.write(`${file.replace('.bench.mjs', '')} …\n`);
  const { run } = await import(join(import.meta.dirname, file));
  for (const row of await run()) {
    rows.push(row);
    process.stderr.write(`  ${row.what} | ${row.against} | ${row.result} | aim ${row.aim}\n`);
  }
}

const machine = `Node ${process.version}, ${platform()} ${arch()}, ${cpus().length} × ${cpus()[0]?.model ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
const table = [
  '| what | against | result | aim | met | requirement |',
  '|---|---|---|---|---|---|',
  ...rows.map(
    ({ what, against, result, aim, met, requirement = '–' }) =>
      `| ${what} | ${against} | ${result} | ${aim} | ${met ? 'yes' : '**no**'} | ${requirement} |`,
  ),
].join('\n');
process.stdout.write(`${table}\n\n${machine}\n`);
if (write) {
  const page = join(import.meta.dirname, '..', 'docs', 'BENCHMARKS.md');
  const notes =
    '`npm run bench -- --write` renews this page. Every ratio is the median of interleaved rounds in one run, so it\nholds where absolute times do not. Aims with an id are requirements. [SHORTCOMINGS](SHORTCOMINGS.md) says why some are missed.';
  writeFileSync(page, `# Benchmarks\n\n${notes}\n\n${table}\n\nMeasured on: ${machine}.\n`);
}
