#!/usr/bin/env node
import { LOCAL_ADAPTER, parseFunctionUri } from '@daggerml/repository';
import { LocalWorkers } from './adapters/local-workers.ts';
import { settingsOf } from './adapters/served/read-settings.ts';
import { serve } from './adapters/served/serve.ts';

const { maxCalls, env, memoryMb, starterPid } = settingsOf(process.env);
const resourceLimits = memoryMb === undefined ? undefined : { maxOldGenerationSizeMb: memoryMb };

serve(
  {
    name: LOCAL_ADAPTER,
    maxCalls,
    start: (context) =>
      new LocalWorkers(context, { size: maxCalls, env, ...(resourceLimits && { resourceLimits }) }),
    functionDatumIdOf: (uri) => parseFunctionUri(uri).bundleDatumId,
  },
  starterPid,
);
