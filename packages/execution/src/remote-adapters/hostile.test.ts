import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkRemote,
  openFiles,
  type RemoteFiles,
  readSnapshot,
  systemRemote,
  systemSurroundings,
} from '@daggerml/remotes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeProgram } from '../../test/remote-programs.ts';
import { markedProcesses } from '../process/marked-processes.ts';
import { remoteAdapters } from './remote-adapters.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml-hostile-remote-')));
/** Temporary folders of this process, so that those of others are not counted. */
const temporary = join(folder, 'tmp');
const { TMPDIR } = process.env;
beforeAll(() => {
  mkdirSync(temporary);
  process.env.TMPDIR = temporary;
});
afterAll(() => {
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  rmSync(folder, { recursive: true, force: true });
});

const HASH = 'a'.repeat(64);
const NONCE = 'b'.repeat(32);
const SEGMENT = `segments/0-${HASH}-${NONCE}.car`;
const URI = 'dml+remote://hostile/place';
const CLAIM = `claims/${HASH}.json`;

const DESCRIBED = `printf '{"id":%s,"status":"described","schema":1,"name":"dml-remote-hostile","version":"1","protocol":"remote/1","capabilities":%s}\\n' "$id"`;
/** Commands that answer with a status and further members. */
const say = (status: string, more = ''): string => `printf '{"id":%s,"status":"${status}"${more}}\\n' "$id"`;

interface Hostile {
  /** Commands that answer a question; `$id`, `$file` and `$line` are those of the question, `$count` how many came. */
  readonly act: string;
  readonly describe?: string;
  readonly before?: string;
  readonly capabilities?: string;
}

/** Returns the source of an adapter in the language of the shell. */
function shell({ act, describe: described, before = '', capabilities = '{}' }: Hostile): string {
  return `#!/bin/sh
${before}
count=0
while IFS= read -r line; do
  id=\${line#*\\"id\\":}; id=\${id%%[,\\}]*}
  file=\${line#*\\"file\\":\\"}; file=\${file%%\\"*}
  case $line in
    *'"operation":"describe"'*)
      ${described ?? `${DESCRIBED} '${capabilities}'`} ;;
    *)
      count=$((count + 1))
      ${act} ;;
  esac
done
`;
}

interface Surroundings {
  readonly files: RemoteFiles;
  /** Closes the remote; returns the processes and the folders that are left. */
  readonly end: () => Promise<{ readonly left: readonly number[]; readonly folders: readonly string[] }>;
}

/** Opens a remote whose adapter is hostile. */
async function open(
  hostile: Hostile,
  { describeMs = 30_000, questionMs = 30_000 }: { describeMs?: number | undefined; questionMs?: number } = {},
): Promise<Surroundings> {
  const own = mkdtempSync(join(folder, 'one-'));
  writeProgram(own, 'dml-remote-hostile', shell(hostile));
  const mark = randomUUID();
  const openAdapter = remoteAdapters({
    searchPath: own,
    environment: { PATH: '/usr/bin:/bin', MARK: mark, API_TOKEN: 'secret of mine' },
    limits: {
      lineBytes: 100_000,
      outputBytes: 1000,
      describeMs,
      endMs: 500,
      graceMs: 200,
      questionMs,
      // No time for bytes on top of it.
      minBytesPerMs: 2 ** 40,
      wholeBytes: 1_000_000,
      listBytes: 1_000_000,
    },
  });
  const files = await openFiles(URI, systemSurroundings(), openAdapter);
  const end: Surroundings['end'] = async () => {
    await files.close();
    return { left: markedProcesses([mark]), folders: readdirSync(temporary) };
  };
  return { files, end };
}

/** Returns what an operation ends with: its value, or the code and the message of its error. */
async function outcomeOf(operation: Promise<unknown>): Promise<unknown> {
  return await operation.catch(({ code, message }: { code?: string; message: string }) => ({
    code,
    message,
  }));
}

async function listed(files: RemoteFiles, prefix = ''): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for await (const file of files.list(prefix)) found.push(file);
  return found;
}

const OPERATIONS = {
  read: (files: RemoteFiles) => files.read(SEGMENT),
  range: (files: RemoteFiles) => files.read(SEGMENT, { offset: 0, length: 4 }),
  put: (files: RemoteFiles) => files.put(SEGMENT, Buffer.from('bytes')),
  readVersion: (files: RemoteFiles) => files.readVersion('CURRENT.json'),
  swap: (files: RemoteFiles) => files.swap('CURRENT.json', null, Buffer.from('{}')),
  list: (files: RemoteFiles) => listed(files),
  remove: (files: RemoteFiles) => files.remove([SEGMENT]),
  now: (files: RemoteFiles) => files.now(),
} as const;
type Operation = keyof typeof OPERATIONS;

/** Returns the time limit of a question: short where it is waited for. */
function patienceOf(message: RegExp): number {
  return message.source.includes('within 70') ? 700 : 30_000;
}

const daemon = 'setsid sh -c "trap \\"\\" TERM; sleep 1000" >/dev/null 2>&1 &';

type Attack = [what: string, Operation, Hostile, message: RegExp, describeMs?: number];

/** Asserts that a hostile adapter makes its remote unreachable, is named, and leaves nothing. */
async function attack(...[, operation, hostile, message, describeMs]: Attack): Promise<void> {
  const { files, end } = await open(hostile, { describeMs, questionMs: patienceOf(message) });
  const outcome = (await outcomeOf(OPERATIONS[operation](files))) as { code: string; message: string };
  expect(outcome).toEqual({ code: 'remote_unreachable', message: expect.stringMatching(message) });
  expect(outcome.message).toContain('the adapter "dml-remote-hostile" ');
  expect(outcome.message.length).toBeLessThan(2000);
  expect(await end()).toEqual({ left: [], folders: [] });
}

describe('a Remote Adapter', () => {
  it.each<Attack>([
    ['ends with an exit code', 'read', { act: 'exit 3' }, /ended with exit code 3/],
    [
      'ends with an exit code after its answer',
      'now',
      { act: `${say('done', ',"nowMs":1')}; exit 3` },
      /exit code 3/,
    ],
    ['ends without an answer', 'put', { act: 'exit 0' }, /without an answer/],
    ['ends in the middle of an answer', 'now', { act: `printf '{"id":%s,"sta' "$id"; exit 0` }, /no JSON/],
    ['is ended by a signal', 'list', { act: 'kill -9 $$' }, /SIGKILL/],
    ['hangs', 'read', { act: 'sleep 1000' }, /did not answer within 70[01] ms/],
    [
      'hangs and is persistent',
      'now',
      { act: 'sleep 1000', capabilities: '{"persistent":true}' },
      /within 70[01] ms/,
    ],
    ['ignores SIGTERM', 'read', { act: 'trap "" TERM; sleep 1000; sleep 1000' }, /within 70[01] ms/],
    [
      'does not end after its answer',
      'now',
      { act: `${say('done', ',"nowMs":1')}; sleep 1000` },
      /did not end/,
    ],
    ['does not read', 'now', { before: 'sleep 1000', act: '' }, /"describe" within 500 ms/, 500],
    ['floods its output', 'now', { act: 'yes | tr -d "\\n"' }, /more than 100000 bytes/],
    ['floods its output with lines', 'now', { act: 'yes' }, /no JSON: "y"/],
    ['floods its standard error', 'now', { act: 'yes complaint >&2' }, /within 70[01] ms/],
    ['writes what is no UTF-8', 'now', { act: `printf '{"id":"\\377\\376"}\\n'` }, /UTF-8/],
    [
      'answers twice',
      'now',
      { act: `${say('done', ',"nowMs":1')}; ${say('done', ',"nowMs":2')}` },
      /not open/,
    ],
    ['answers another question', 'now', { act: `id=99; ${say('done', ',"nowMs":1')}` }, /not open, 99/],
    ['answers with another form', 'now', { act: say('fine') }, /status/],
    ['answers with no object', 'now', { act: 'echo null' }, /object/],
    [
      'answers with a status of another question',
      'read',
      { act: say('unchanged') },
      /"unchanged", which is none/,
    ],
    [
      'does not know the version',
      'readVersion',
      { act: `printf x > "$file"; ${say('done')}` },
      /without the version/,
    ],
    [
      'has unchanged what nobody knows',
      'readVersion',
      { act: say('unchanged') },
      /"unchanged", which is none/,
    ],
    ['does not say the time', 'now', { act: say('done') }, /"done", which is none/],
    [
      'writes a list of no JSON',
      'list',
      { act: `echo { > "$file"; ${say('done')}` },
      /a line that is no JSON/,
    ],
    ['writes a list of nothing', 'list', { act: `echo null > "$file"; ${say('done')}` }, /what is no file/],
    [
      'lists a file without a size',
      'list',
      { act: `echo '{"path":"CURRENT.json","sizeBytes":-1}' > "$file"; ${say('done')}` },
      /what is no file/,
    ],
    [
      'speaks another protocol',
      'now',
      { describe: DESCRIBED.replace('remote/1', 'remote/7').concat(" '{}'"), act: '' },
      /the protocol remote\/7, and this program the protocol remote\/1/,
    ],
    [
      'is an Execution Adapter',
      'now',
      { describe: DESCRIBED.replace('"remote/1"', '1').concat(" '{}'"), act: '' },
      /protocol/,
    ],
    [
      'has a newer description',
      'now',
      { describe: DESCRIBED.replace('"schema":1', '"schema":2').concat(" '{}'"), act: '' },
      /schema/,
    ],
    [
      'is described by something else',
      'now',
      { describe: say('done'), act: '' },
      /"describe" with the status "done"/,
    ],
    ['leaves a daemon and hangs', 'now', { act: `${daemon} sleep 1000` }, /within 70[01] ms/],
  ])('that %s makes the remote unreachable, and leaves nothing [DML-REM-0609] [DML-REM-0658]', attack);

  it.each<Attack>([
    ['does not write the file', 'read', { act: say('done') }, /did not write the file/],
    [
      'leaves a link',
      'read',
      { act: `ln -s /etc/passwd "$file"; ${say('done')}` },
      /no plain file to read \(ELOOP\)/,
    ],
    [
      'puts a link in the place of the folder',
      'read',
      {
        act: `d=\${file%/*}; mv "$d" "$d.x"; mkdir "$d.y"; ln -s "$d.y" "$d"; echo x > "$file"; ${say('done')}`,
      },
      /link in the place of the folder/,
    ],
    ['leaves a pipe', 'read', { act: `mkfifo "$file"; ${say('done')}` }, /something else in the place/],
    ['leaves a folder', 'read', { act: `mkdir "$file"; ${say('done')}` }, /something else in the place/],
  ])('that %s has no file read [DML-REM-0659]', attack);

  it.each<Attack>([
    [
      'writes more than was asked for',
      'range',
      { act: `printf 12345 > "$file"; ${say('done')}` },
      /5 bytes where 4/,
    ],
    [
      'writes a huge file',
      'read',
      { act: `truncate -s 1T "$file"; ${say('done')}` },
      /bytes where 1000000 are/,
    ],
    [
      'writes a huge list',
      'list',
      { act: `truncate -s 1T "$file"; ${say('done')}` },
      /bytes where 1000000 are/,
    ],
    [
      'writes a list with a huge line',
      'list',
      { act: `head -c 900000 /dev/zero | tr "\\0" x > "$file"; ${say('done')}` },
      /a line of more than 8192 bytes/,
    ],
  ])('that %s has no memory taken for it [DML-REM-0660]', attack);

  it.each<[string, Hostile, RegExp]>([
    ['ends', { act: 'exit 3' }, /exit code 3/],
    ['is killed', { act: 'kill -9 $$' }, /SIGKILL/],
    ['hangs', { act: 'sleep 1000' }, /within 70[01] ms/],
    ['breaks the protocol', { act: 'echo hello' }, /no JSON/],
    ['does not know', { act: say('unknown', ',"reason":"the line is dead"') }, /the line is dead/],
    ['answers something else', { act: say('absent') }, /"absent", which is none/],
    ['names no version', { act: say('done') }, /without the version/],
  ])(
    'that %s in a conditional write leaves its outcome open, and is asked once [DML-REM-0655]',
    async (...given) => {
      const [, hostile, message] = given;
      const counted = join(mkdtempSync(join(folder, 'count-')), 'asked');
      const { files, end } = await open(
        { ...hostile, act: `echo x >> "${counted}"; ${hostile.act}` },
        { questionMs: patienceOf(message) },
      );
      const answer = await files.swap(CLAIM, null, Buffer.from('{}'));
      expect(answer).toEqual({
        outcome: 'unknown',
        cause: expect.objectContaining({
          code: 'remote_unreachable',
          message: expect.stringMatching(message),
        }),
      });
      expect(readFileSync(counted, 'utf8')).toBe('x\n');
      expect(await end()).toEqual({ left: [], folders: [] });
    },
  );

  it('that breaks before it saw a conditional write leaves nothing open [DML-REM-0669]', async () => {
    const { files, end } = await open({ describe: 'exit 4', act: '' });
    expect(await outcomeOf(files.swap(CLAIM, null, Buffer.from('{}')))).toMatchObject({
      code: 'remote_unreachable',
    });
    await end();
  });

  it('whose process got lost is asked once more, unless it is a conditional write [DML-REM-0661]', async () => {
    const state = join(mkdtempSync(join(folder, 'lost-')), 'seen');
    const once = `if [ ! -e "${state}" ]; then : > "${state}"; printf half > "$file"; kill -9 $$; fi`;
    const { files, end } = await open({ act: `${once}; printf whole > "$file"; ${say('done')}` });
    expect(Buffer.from((await files.read(SEGMENT)) ?? []).toString()).toBe('whole');
    expect(await end()).toEqual({ left: [], folders: [] });
  });

  it('that loses a process with many questions has the others asked again, no write on a condition [DML-REM-0661]', async () => {
    const state = join(mkdtempSync(join(folder, 'many-')), 'seen');
    const act = `case $line in
      *'"operation":"swap"'*) ${say('done', ',"version":"v"')} ;;
      *) if [ ! -e "${state}" ]; then : > "${state}"; kill -9 $$; fi; ${say('done', ',"nowMs":5')} ;;
    esac`;
    const { files, end } = await open({ act, capabilities: '{"persistent":true,"maxCalls":8}' });
    const [time, swapped] = await Promise.all([files.now(), files.swap(CLAIM, null, Buffer.from('{}'))]);
    expect(time).toBe(5);
    expect(['unknown', 'applied']).toContain(swapped.outcome);
    expect(await end()).toEqual({ left: [], folders: [] });
  });

  it.each<[string, string, unknown]>([
    ['denied', '', { code: 'remote_refused', message: expect.stringContaining('refused to read') }],
    ['full', '', { code: 'remote_full', message: expect.stringContaining('no space') }],
    ['missing', '', { code: 'remote_missing', message: expect.stringContaining('no remote') }],
    [
      'unreachable',
      '',
      { code: 'remote_unreachable', message: expect.stringContaining('cannot be reached') },
    ],
    ['unsafe', '', { code: 'remote_unsafe', message: expect.stringContaining('does not keep') }],
    ['uri_invalid', '', { code: 'remote_uri_invalid', message: expect.stringContaining('not the address') }],
    [
      'damaged',
      ',"path":"segments","detail":"link"',
      { code: 'remote_damaged', message: expect.stringMatching(/"segments" .* \(link\)/) },
    ],
  ])(
    'says %s by an error of the files of a remote, without secrets [DML-REM-0656] [DML-REM-0657]',
    async (...given) => {
      const [code, more, expected] = given;
      const { files, end } = await open({
        act: say('failed', `,"code":"${code}","reason":"no, \\\\u001b[31m with secret of mine"${more}`),
      });
      const outcome = await outcomeOf(files.read(SEGMENT));
      expect(outcome).toEqual(expected);
      const { message } = outcome as { message: string };
      expect(message).not.toContain('secret of mine');
      if (code !== 'damaged') expect(message).toContain('the adapter "dml-remote-hostile" says: no, ');
      // A write that failed so had no effect.
      const swapped = await outcomeOf(files.swap(CLAIM, null, Buffer.from('{}')));
      expect(swapped).toMatchObject({ code: (expected as { code: string }).code });
      await end();
    },
  );

  it('sees no variable that it was not given [DML-REM-0609]', async () => {
    process.env.DML_TEST_SECRET = 'secret';
    const { files, end } = await open({
      act: `env | cut -d= -f1 | sort | tr '\\n' ' ' > "$file"; ${say('done')}`,
    });
    const names = Buffer.from((await files.read(SEGMENT)) ?? []).toString();
    delete process.env.DML_TEST_SECRET;
    await end();
    // Node adds its own to every child process whose coverage is measured.
    expect(names.replace('NODE_V8_COVERAGE ', '')).toBe('API_TOKEN DML_ADAPTER_PROCESS MARK PATH PWD ');
  });

  it('leaves no process behind, wherever it moved it [DML-REM-0609]', async () => {
    const { files, end } = await open({ act: `${daemon} sleep 1000 & ${say('done', ',"nowMs":1')}; exit 0` });
    expect(await files.now()).toBe(1);
    expect(await end()).toEqual({ left: [], folders: [] });
  });

  it('has its open questions ended when the remote is closed [DML-REM-0609]', async () => {
    const { files, end } = await open({ act: 'sleep 1000' });
    const reading = outcomeOf(files.read(SEGMENT));
    const swapping = files.swap(CLAIM, null, Buffer.from('{}')).catch(() => undefined);
    expect(await end()).toEqual({ left: [], folders: [] });
    expect(await reading).toMatchObject({ code: 'remote_unreachable' });
    await swapping;
    expect(await outcomeOf(files.now())).toMatchObject({ message: expect.stringContaining('was closed') });
  });

  it('is looked for once, by the first operation [DML-REM-0652]', async () => {
    const own = mkdtempSync(join(folder, 'path-'));
    const [first, second] = [join(own, 'first'), join(own, 'second')];
    mkdirSync(first, { mode: 0o755 });
    const openAdapter = remoteAdapters({
      searchPath: `${first}:${second}`,
      environment: { PATH: '/usr/bin:/bin' },
    });
    const files = await openFiles(URI, systemSurroundings(), openAdapter);
    const telling = (nowMs: number): string => shell({ act: say('done', `,"nowMs":${nowMs}`) });
    writeProgram(second, 'dml-remote-hostile', telling(2));
    expect(await files.now()).toBe(2);
    writeProgram(first, 'dml-remote-hostile', telling(1));
    expect(await files.now()).toBe(2);
    await files.close();
  });

  it('that is not there makes the remote unreachable, and names the executable [DML-REM-0652]', async () => {
    const openAdapter = remoteAdapters({ searchPath: folder, environment: {} });
    const files = await openFiles('dml+remote://nothing/x', systemSurroundings(), openAdapter);
    expect(await outcomeOf(files.now())).toMatchObject({
      code: 'remote_unreachable',
      message: expect.stringContaining('"dml-remote-nothing" is not installed'),
    });
    await files.close();
  });

  it('is decided by the hash of what it gives, not by its word [DML-REM-0609]', async () => {
    const bytes = '{}';
    const hash = createHash('sha256').update(`${bytes}!`).digest('hex');
    const current = JSON.stringify({ format: 1, sequence: 0, state: `0-0-${hash}`, write: randomUUID() });
    const act = `case $line in
      *CURRENT*) printf '%s\\n' '${current}' > "$file"; ${say('done', ',"version":"v"')} ;;
      *) printf %s '${bytes}' > "$file"; ${say('done')} ;;
    esac`;
    const { files, end } = await open({ act });
    expect(await outcomeOf(readSnapshot(files))).toMatchObject({
      code: 'remote_damaged',
      message: expect.stringContaining('hash'),
    });
    await end();
  });

  it('that says of a conditional write that it took effect when it did not is found unsafe [DML-REM-0609]', async () => {
    const root = mkdtempSync(join(folder, 'liar-'));
    const act = `path=\${line#*\\"path\\":\\"}; path=\${path%%\\"*}; mkdir -p "${root}/check"
      case $line in
        *'"operation":"swap"'*)
          [ -e "${root}/$path" ] || cp "$file" "${root}/$path"; ${say('done', ',"version":"v1"')} ;;
        *'"operation":"put"'*) cp "$file" "${root}/$path"; ${say('done')} ;;
        *'"operation":"readVersion"'*)
          if [ -e "${root}/$path" ]; then cp "${root}/$path" "$file"; ${say('done', ',"version":"v1"')}; else ${say('absent')}; fi ;;
        *'"operation":"read"'*)
          if [ -e "${root}/$path" ]; then cp "${root}/$path" "$file"; ${say('done')}; else ${say('absent')}; fi ;;
        *'"operation":"list"'*) : > "$file"; ${say('done')} ;;
        *) ${say('done', `,"nowMs":'"$(date +%s)"'000`)} ;;
      esac`;
    const { files, end } = await open({ act, capabilities: '{"persistent":true}' });
    const { verdict } = await checkRemote(systemRemote(files, 'test'), { limitMs: 30_000 });
    expect(verdict).toBe('unsafe');
    await end();
  });
});
