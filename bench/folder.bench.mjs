import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Repository } from '@daggerml/bindings';
import { interleave, judge, median, ratio, withFolder } from './harness.mjs';
import { HAS_RESTIC, peersAt } from './peers.mjs';

const FILES = Number(process.env.DML_BENCH_FILES ?? 100_000);
const LARGE_BYTES = Number(process.env.DML_BENCH_BLOB_BYTES ?? 500_000_000);
const ROUNDS = 3;
/** A file that changed less than two seconds before it is read is not remembered. */
const SETTLING_MS = 2500;
const child = fileURLToPath(new URL('folder.child.mjs', import.meta.url));

/** Writes files that do not compress, in as many folders; folders stand in folders of a hundred. */
function writeFiles(root, { folders, filesEach, bytesEach }) {
  const content = Buffer.alloc(bytesEach);
  for (let at = 0; at < folders; at += 1) {
    const folder = join(root, `${Math.floor(at / 100)}`, `${at}`);
    mkdirSync(folder, { recursive: true });
    for (let file = 0; file < filesEach; file += 1)
      writeFileSync(join(folder, `${file}.bin`), randomFillSync(content));
  }
}

/** Creates the subject that ingests a folder or file into a repository in `place`. */
function dmlAt(place, input) {
  const dml = {
    name: 'dml',
    last: undefined,
    /** Wall times of whole processes, start and end included. */
    wholeMs: [],
    peakAnonymousMiB: 0,
    begin: async () => (await Repository.init(place)).close(),
    add: (method = 'directory') => {
      const startMs = performance.now();
      const { status, stdout, stderr } = spawnSync(process.execPath, [child, place, input, method]);
      dml.wholeMs.push(performance.now() - startMs);
      if (status !== 0) throw new Error(`${stderr}`);
      dml.last = JSON.parse(stdout);
      dml.peakAnonymousMiB = Math.max(dml.peakAnonymousMiB, dml.last.peakAnonymousMiB);
      return dml.last.spentMs;
    },
  };
  return dml;
}

/** Measures the first ingestion, rounds of it again, and again with one file changed. */
async function measure(input, { names, changed }) {
  return withFolder(async (folder) => {
    const place = join(folder, 'place');
    const subjects = [
      dmlAt(place, input),
      ...peersAt(place, input).filter(({ name }) => names.includes(name)),
    ];
    const first = new Map(subjects.map(({ name }) => [name, []]));
    const again = new Map(subjects.map(({ name }) => [name, []]));
    const onChange = [];
    const whole = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rmSync(place, { recursive: true, force: true });
      mkdirSync(place);
      for (const { begin } of subjects) await begin();
      for (let turn = 0; turn < subjects.length; turn += 1) {
        const { name, add } = subjects[(turn + round) % subjects.length];
        first.get(name).push(await add());
      }
      subjects[0].wholeMs.length = 0;
      const timed = await interleave(
        subjects.map(({ name, add }) => ({ name, run: () => add() })),
        { rounds: 3, warmups: 1 },
      );
      for (const [name, times] of timed) again.get(name).push(median(times));
      whole.push(median(subjects[0].wholeMs));
      if (subjects[0].last.readFiles > 0) throw new Error('files were read that did not change');
      if (changed === undefined) continue;
      const changes = [];
      for (let change = 0; change < 3; change += 1) {
        writeFileSync(changed, randomFillSync(Buffer.alloc(1000)));
        await setTimeout(SETTLING_MS);
        changes.push(await subjects[0].add());
        if (subjects[0].last.readFiles !== 1)
          throw new Error('more files were read than the one that changed');
      }
      onChange.push(median(changes));
    }
    const { peakAnonymousMiB } = subjects[0];
    return { first, again, wholeMs: whole, onChange, peakAnonymousMiB };
  });
}

const seconds = (times) => `${(median(times) / 1000).toFixed(2)} s`;

/** Returns the row of a time as a multiple of a peer's. */
function row(requirement, what, { times, peer, atMost }) {
  return judge(requirement, {
    what: `${what} (${seconds(times.get('dml'))})`,
    against: `${peer} (${seconds(times.get(peer))})`,
    value: ratio(times, 'dml', peer),
    atMost,
  });
}

async function manyFiles(root) {
  const shape = { folders: 100, filesEach: FILES / 100, bytesEach: 1000 };
  const input = join(root, 'many');
  writeFiles(input, shape);
  await setTimeout(SETTLING_MS);
  const names = ['restic backup', 'git add'];
  const measured = await measure(input, { names, changed: join(input, '0', '50', '500.bin') });
  const { first, again, wholeMs, onChange, peakAnonymousMiB } = measured;
  const what = `ingest ${FILES} files of 1 kB`;
  const same = 'the same again, nothing changed';
  const whole = new Map([...again, ['dml', wholeMs]]);
  return [
    ...(HAS_RESTIC ? [row('DML-EXE-2607', what, { times: first, peer: 'restic backup', atMost: 1.2 })] : []),
    row('DML-EXE-2608', what, { times: first, peer: 'git add', atMost: 1.2 }),
    row('DML-EXE-2609', same, { times: again, peer: 'git add', atMost: 5 }),
    row('DML-EXE-2609', `${same}, start of the process included`, {
      times: whole,
      peer: 'git add',
      atMost: 5,
    }),
    ...(HAS_RESTIC ? [row('DML-EXE-2610', same, { times: again, peer: 'restic backup', atMost: 1 })] : []),
    judge('DML-EXE-2611', {
      what: `the same, one file changed (${seconds(onChange)})`,
      against: `nothing changed (${seconds(again.get('dml'))})`,
      value: median(onChange.map((ms, round) => ms / again.get('dml')[round])),
      atMost: 1.1,
    }),
    judge('DML-EXE-2612', {
      what: `peak memory of ingesting ${FILES} files of 1 kB (${peakAnonymousMiB.toFixed(0)} MiB)`,
      against: `their content (${Math.round((FILES * 1000) / 2 ** 20)} MiB)`,
      value: (peakAnonymousMiB * 2 ** 20) / (FILES * 1000),
      atMost: 5,
    }),
  ];
}

async function manyFolders(root) {
  const folders = Math.round(FILES * 0.3);
  const input = join(root, 'folders');
  writeFiles(input, { folders, filesEach: 1, bytesEach: 1000 });
  await setTimeout(SETTLING_MS);
  const { first, again } = await measure(input, { names: ['restic backup', 'git add'] });
  const what = `ingest ${folders} folders of one file of 1 kB`;
  return [
    ...(HAS_RESTIC ? [row('DML-EXE-2607', what, { times: first, peer: 'restic backup', atMost: 1.2 })] : []),
    row('DML-EXE-2609', `${what} again`, { times: again, peer: 'git add', atMost: 5 }),
  ];
}

async function largeFiles(root) {
  const input = join(root, 'large');
  writeFiles(input, { folders: 1, filesEach: 10, bytesEach: LARGE_BYTES / 10 });
  await setTimeout(SETTLING_MS);
  const { first } = await measure(input, { names: ['restic backup'] });
  const what = `ingest 10 files of ${Math.round(LARGE_BYTES / 1e7)} MB`;
  return HAS_RESTIC ? [row('DML-EXE-2607', what, { times: first, peer: 'restic backup', atMost: 1.2 })] : [];
}

async function oneFile(root) {
  return withFolder(async (place) => {
    const input = join(root, 'one.bin');
    writeFileSync(input, randomFillSync(Buffer.alloc(LARGE_BYTES)));
    await setTimeout(SETTLING_MS);
    const dml = dmlAt(place, input);
    await dml.begin();
    const firstMs = dml.add('file');
    const times = Array.from({ length: 5 }, () => dml.add('file'));
    return [
      judge('DML-EXE-2613', {
        what: `dag.file of ${Math.round(LARGE_BYTES / 1e6)} MB again, nothing changed (${median(times).toFixed(0)} ms)`,
        against: `the first time (${seconds([firstMs])})`,
        value: median(times) / firstMs,
        atMost: 0.03,
      }),
    ];
  });
}

export async function run() {
  const rows = [];
  for (const part of [manyFiles, manyFolders, largeFiles, oneFile]) rows.push(...(await withFolder(part)));
  return rows;
}
