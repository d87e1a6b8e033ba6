import { capture } from '../tools/run/process.mjs';
import { fetchProgram, PROGRAMS } from './servers/catalog.mjs';
import { withServers } from './servers/serve.mjs';

/** Servers as they are tried. */
const TRIED = {
  versitygw: { program: 'versitygw' },
  ministack: { program: 'ministack' },
  's3s-fs': { program: 's3s-fs' },
  s3rver: { program: 's3rver' },
  'versitygw-no-metadata': { program: 'versitygw', backend: ['--nometa'] },
  'versitygw-twice-unlocked': {
    program: 'versitygw',
    count: 2,
    options: [],
    backend: ['--disable-object-lock-file'],
  },
};
const name = process.argv[2];
const problem = await fetchProgram(TRIED[name].program);
if (problem) throw new Error(problem);
const KEYS = PROGRAMS[TRIED[name].program].keys;
await withServers(TRIED[name].program, TRIED[name], async (urls) => {
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: KEYS.accessKey,
    AWS_SECRET_ACCESS_KEY: KEYS.secretKey,
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const { output } = await capture(process.execPath, ['ci/servers/try-server.mjs', ...urls], { env });
  console.log(output);
});
