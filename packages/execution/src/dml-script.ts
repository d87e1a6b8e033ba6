#!/usr/bin/env node
import { parseScriptUri, SCRIPT_ADAPTER } from '@daggerml/repository';
import { settingsOf } from './adapters/served/read-settings.ts';
import { serve } from './adapters/served/serve.ts';
import { startScripts } from './script/start-scripts.ts';

const { maxCalls, env, starterPid } = settingsOf(process.env);

serve(
  {
    name: SCRIPT_ADAPTER,
    maxCalls,
    start: startScripts({ size: maxCalls, env }),
    functionDatumIdOf: (uri) => parseScriptUri(uri).scriptDatumId,
  },
  starterPid,
);
