/**
 * Gate: the bucket adapter against servers that other people wrote, which keep the conditions of writes or do not.
 *
 * Fetches and starts the servers of `SERVERS` one after the other. A good one passes the suite of Remote Adapters and the
 * check of remotes; a bad one is found out by the check. `node ci/servers.mjs --only s3rver` tries one, with `--all` the whole suite on bad ones too;
 * `--fetch` only fetches. A server that cannot be had is named and red, since nothing was tried then.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { capture } from '../tools/run/process.mjs';
import { root as repositoryRoot } from '../tools/run/workspace.mjs';
import { runGate } from './gate.mjs';
import { fetchProgram, PROGRAMS } from './servers/catalog.mjs';
import { withServers } from './servers/serve.mjs';

const GOOD = { isGood: true, verdict: 'safe', missing: 'remote_missing', large: 'whole' };

/** Servers by the names under which docs/remote-servers.md lists them. */
export const SERVERS = {
  versitygw: { ...GOOD, program: 'versitygw', refused: 'remote_refused' },
  // It takes any secret.
  ministack: { ...GOOD, program: 'ministack', refused: 'none' },
  's3s-fs': { program: 's3s-fs' },
  s3rver: { program: 's3rver' },
  'versitygw without metadata': { program: 'versitygw', backend: ['--nometa'] },
  // Two processes between which nothing but luck keeps order.
  'versitygw twice without locks': {
    program: 'versitygw',
    count: 2,
    backend: ['--disable-object-lock-file'],
    attempts: 10,
  },
};

/** Returns what is wrong with the figures of a server. */
export function problemsOfFigures(name, figures) {
  const { isGood, attempts: _, ...expected } = SERVERS[name];
  if (!isGood)
    return figures.verdict === 'unsafe' ? [] : [`${name}: the check took it for ${figures.verdict}`];
  return [
    ...figures.failed.map((failure) => `${name}: ${failure}`),
    ...['verdict', 'missing', 'refused', 'large']
      .filter((fact) => figures[fact] !== expected[fact])
      .map((fact) => `${name}: ${fact} is ${figures[fact]}, not ${expected[fact]}`),
  ];
}

/** Tries one server, a bad one until it is found out, and returns its problems. */
async function tryServer(name, mode) {
  const { program, attempts = 1, ...settings } = SERVERS[name];
  for (let left = attempts - 1; ; left -= 1) {
    const figures = await withServers(program, settings, (urls) => figuresOf(program, [mode, ...urls]));
    process.stdout.write(`${name} (${program} ${PROGRAMS[program].version}): ${JSON.stringify(figures)}\n`);
    const problems = problemsOfFigures(name, figures);
    if (problems.length === 0 || left === 0) return problems;
  }
}

/** Runs the client in a process of its own, whose environment names the credentials and nothing else of AWS. */
async function figuresOf(program, args) {
  const { accessKey, secretKey } = PROGRAMS[program].keys;
  const others = Object.entries(process.env).filter(([variable]) => !variable.startsWith('AWS_'));
  const env = {
    ...Object.fromEntries(others),
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const script = join(repositoryRoot, 'ci/servers/try-server.mjs');
  const { code, stdout, output } = await capture(process.execPath, [script, ...args], { env });
  if (code !== 0) throw new Error(`${program}: ${output.trim().split('\n').slice(-8).join('\n')}`);
  return JSON.parse(stdout);
}

async function check(_root, args) {
  const options = {
    only: { type: 'string', multiple: true },
    fetch: { type: 'boolean' },
    all: { type: 'boolean' },
  };
  const { values } = parseArgs({ args, options: { ...options, root: { type: 'string' } } });
  const names = values.only ?? Object.keys(SERVERS);
  const problems = [];
  const missing = new Set();
  for (const program of new Set(names.map((name) => SERVERS[name].program))) {
    const problem = await fetchProgram(program);
    if (problem === undefined) continue;
    missing.add(program);
    problems.push(problem);
  }
  if (values.fetch) return problems;
  for (const name of names.filter((one) => !missing.has(SERVERS[one].program)))
    problems.push(...(await tryServer(name, values.all || SERVERS[name].isGood ? 'suite' : 'check')));
  return problems;
}

await runGate(import.meta.url, 'servers', check);
