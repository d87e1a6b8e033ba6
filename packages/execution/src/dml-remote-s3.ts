#!/usr/bin/env node
import { openFiles, systemSurroundings } from '@daggerml/remotes';
import { serveRemotes } from './remote-adapters/serve-remotes.ts';

serveRemotes({ adapterName: 's3', maxCalls: 64, open: (uri) => openFiles(uri, systemSurroundings()) });
