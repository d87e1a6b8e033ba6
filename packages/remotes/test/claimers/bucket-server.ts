import { FaultServer } from '../../src/testing/fault-server.ts';

/** A bucket on a server in this process, as other processes reach it. */
export interface BucketServer {
  readonly uri: string;
  readonly env: NodeJS.ProcessEnv;
  readonly server: FaultServer;
}

/** Starts a bucket for processes with the environment `env` and keys that it takes. */
export async function startBucket(env: NodeJS.ProcessEnv): Promise<BucketServer> {
  const server = await FaultServer.start('bucket');
  const endpoint = encodeURIComponent(server.endpoint);
  return {
    server,
    uri: `dml+remote://s3/bucket/remote?endpoint=${endpoint}`,
    env: {
      ...env,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'testtest',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  };
}
