import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { functions, Repository } from '@daggerml/bindings';
import { interleave, judge, median, ratio, seeded, timeMs, withFolder } from './harness.mjs';

const SIZE_BYTES = Number(process.env.DML_BENCH_BLOB_BYTES ?? 500 * 1024 * 1024);
const EDIT_BYTES = 64 * 1024;
/** Together 1 % of the file, spread evenly. */
const EDITS = Math.round(SIZE_BYTES / 100 / EDIT_BYTES);
const steps = functions(new URL('./fixtures/flip.mjs', import.meta.url));
const AIMS = { 'git add': 'DML-EXE-2604', 'restic backup': 'DML-EXE-2605' };

/** Writes a file that does not compress, as images and Parquet files do not. */
function writeInput(path) {
  const file = openSync(path, 'w');
  const piece = Buffer.alloc(4 * 1024 * 1024);
  for (let at = 0; at < SIZE_BYTES; at += piece.length)
    writeSync(file, randomFillSync(piece), 0, Math.min(piece.length, SIZE_BYTES - at));
  closeSync(file);
}

function editInput(path) {
  const random = seeded(7);
  const file = openSync(path, 'r+');
  for (let edit = 0; edit < EDITS; edit += 1) {
    const at = Math.floor(((edit + random()) * SIZE_BYTES) / EDITS);
    writeSync(
      file,
      randomFillSync(Buffer.alloc(EDIT_BYTES)),
      0,
      EDIT_BYTES,
      Math.min(at, SIZE_BYTES - EDIT_BYTES),
    );
  }
  closeSync(file);
}

function command(name, args, options = {}) {
  const { status, stderr } = spawnSync(name, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  if (status !== 0) throw new Error(`${name} ${args[0]}: ${stderr}`);
}

/** Times the first run of a function that reads a file and returns as much */
async function flipFile(folder, input) {
  const repository = await Repository.open(folder);
  const spent = await timeMs(async () => {
    const dag = repository.newDag('flipped');
    await dag.commit(dag.call(steps.flip, await dag.file(input)));
  });
  await repository.close();
  return spent;
}

async function ingest(folder, input) {
  const repository = await Repository.open(folder);
  const spent = await timeMs(async () => {
    const dag = repository.newDag('blob');
    await dag.commit(await dag.file(input));
  });
  await repository.close();
  return spent;
}

export async function run() {
  const hasRestic = spawnSync('restic', ['version'], { stdio: 'ignore' }).status === 0;
  return withFolder(async (folder) => {
    const input = join(folder, 'input.bin');
    writeInput(input);
    const fresh = async (prepare, body) => {
      const place = join(folder, 'place');
      rmSync(place, { recursive: true, force: true });
      mkdirSync(place);
      await prepare(place);
      const spent = await body(place);
      rmSync(place, { recursive: true, force: true });
      return spent;
    };
    const env = { ...process.env, RESTIC_PASSWORD: 'bench', RESTIC_CACHE_DIR: join(folder, 'cache') };
    const subjects = [
      {
        name: 'dml',
        run: () =>
          fresh(
            async (place) => (await Repository.init(place)).close(),
            (place) => ingest(place, input),
          ),
      },
      {
        name: 'function',
        run: () =>
          fresh(
            async (place) => (await Repository.init(place)).close(),
            (place) => flipFile(place, input),
          ),
      },
      {
        name: 'git add',
        run: () =>
          fresh(
            (place) => command('git', ['init', '-q', '--bare', join(place, 'git')]),
            (place) => {
              const args = ['--git-dir', join(place, 'git'), '--work-tree', folder, 'add', 'input.bin'];
              return timeMs(() => command('git', args, { cwd: folder }));
            },
          ),
      },
      ...(hasRestic
        ? [
            {
              name: 'restic backup',
              run: () =>
                fresh(
                  (place) => command('restic', ['-r', join(place, 'r'), 'init', '-q'], { env }),
                  (place) =>
                    timeMs(() => command('restic', ['-r', join(place, 'r'), 'backup', '-q', input], { env })),
                ),
            },
          ]
        : []),
    ];
    const times = await interleave(subjects, { rounds: 3, warmups: 0 });
    const rate = SIZE_BYTES / 1e3 / median(times.get('dml'));
    const rows = Object.keys(AIMS)
      .filter((name) => times.has(name))
      .map((name) =>
        judge(AIMS[name], {
          what: `ingest a blob of ${Math.round(SIZE_BYTES / 2 ** 20)} MiB (${rate.toFixed(0)} MB/s)`,
          against: name,
          value: ratio(times, 'dml', name),
          atMost: 1,
        }),
      );
    if (hasRestic)
      rows.push(
        judge('DML-EXE-2662', {
          what: `a function that reads a blob of ${Math.round(SIZE_BYTES / 2 ** 20)} MiB and returns as much`,
          against: 'restic backup and ingesting, one after the other',
          value:
            median(times.get('function')) / (median(times.get('restic backup')) + median(times.get('dml'))),
          atMost: 1,
        }),
      );
    const place = join(folder, 'edited');
    await (await Repository.init(place)).close();
    await ingest(place, input);
    const data = join(place, '.dml', 'store', 'data.mdb');
    const before = statSync(data).size;
    editInput(input);
    const spent = await ingest(place, input);
    const share = (statSync(data).size - before) / SIZE_BYTES;
    rows.push(
      judge('DML-EXE-2606', {
        what: `growth of the store by 1 % edited in ${EDITS} places (${(spent / 1000).toFixed(1)} s)`,
        against: 'the blob',
        value: share,
        atMost: 0.03,
      }),
    );
    return rows;
  });
}
