import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { functions, Repository } from '@daggerml/bindings';
import { interleave, judge, median, ratio, timeMs, withFolder } from './harness.mjs';
import { HAS_RESTIC, peersAt } from './peers.mjs';

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

/** Overwrites some of each hundredth part, always another part of it. */
function editInput(path) {
  const file = openSync(path, 'r+');
  for (let edit = 0; edit < EDITS; edit += 1) {
    const at = Math.floor(((edit + ((edit * 7) % 10) / 10) * SIZE_BYTES) / EDITS);
    const from = Math.min(at, SIZE_BYTES - EDIT_BYTES);
    writeSync(file, randomFillSync(Buffer.alloc(EDIT_BYTES)), 0, EDIT_BYTES, from);
  }
  closeSync(file);
}

/** Times what makes a dag in a repository, from the start of the dag to its commit. */
async function timeDag(folder, nodeOf) {
  const repository = await Repository.open(folder);
  const spent = await timeMs(async () => {
    const dag = repository.newDag('blob');
    await dag.commit(await nodeOf(dag));
  });
  await repository.close();
  return spent;
}

const ingest = (folder, input) => timeDag(folder, (dag) => dag.file(input));
/** Times the first run of a function that reads a file and returns as much. */
const flipFile = (folder, input) =>
  timeDag(folder, async (dag) => dag.call(steps.flip, await dag.file(input)));

export async function run() {
  return withFolder(async (folder) => {
    const input = join(folder, 'input', 'input.bin');
    mkdirSync(dirname(input));
    writeInput(input);
    const place = join(folder, 'place');
    const begin = async () => (await Repository.init(place)).close();
    const all = [
      { name: 'dml', begin, add: () => ingest(place, input) },
      { name: 'function', begin, add: () => flipFile(place, input) },
      ...peersAt(place, dirname(input)),
    ];
    const subjects = all.map(({ name, begin, add }) => ({
      name,
      run: async () => {
        rmSync(place, { recursive: true, force: true });
        mkdirSync(place);
        await begin();
        return add();
      },
    }));
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
    if (HAS_RESTIC)
      rows.push(
        judge('DML-EXE-2662', {
          what: `a function that reads a blob of ${Math.round(SIZE_BYTES / 2 ** 20)} MiB and returns as much`,
          against: 'restic backup and ingesting, one after the other',
          value:
            median(times.get('function')) / (median(times.get('restic backup')) + median(times.get('dml'))),
          atMost: 1,
        }),
      );
    rmSync(place, { recursive: true });
    await begin();
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
