#!/usr/bin/env node
import { openFiles, systemSurroundings } from '@daggerml/remotes';
import { serveRemotes } from './remote-adapters/serve-remotes.ts';

serveRemotes({ adapterName: 'file', maxCalls: 16, open: (uri) => openFiles(uri, systemSurroundings()) });
