/**
 * Preloaded by `ci/coverage.mjs`: a thread that is ended with its process would leave nothing of what it has run, and one
 * with an environment of its own does not know that it is counted.
 */
const { writeFileSync } = require('node:fs');
const { Session } = require('node:inspector');
const { syncBuiltinESMExports } = require('node:module');
const { join } = require('node:path');
const { takeCoverage } = require('node:v8');
const threads = require('node:worker_threads');

/** Counts this thread, or those that it starts, into `folder`; `preload` is the file that calls this. */
module.exports = function count(folder, preload) {
  if (threads.isMainThread) countStarted(preload);
  else afterMessages(process.env.NODE_V8_COVERAGE === undefined ? recorder(folder) : takeCoverage);
};

function countStarted(preload) {
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(code, options = {}) {
      const own = options.execArgv ?? process.execArgv;
      const isOwn = typeof options.env === 'object' && options.env.NODE_OPTIONS === undefined;
      super(code, isOwn ? { ...options, execArgv: ['--require', preload, ...own] } : options);
    }
  };
  syncBuiltinESMExports();
}

/** Returns what writes down what has run since it was last called. */
function recorder(folder) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  let files = 0;
  return () =>
    session.post('Profiler.takePreciseCoverage', (_, { result }) => {
      const own = result.filter(({ url }) => url.includes('/dist/'));
      if (own.length === 0) return;
      const name = `thread-${process.pid}-${threads.threadId}-${files++}.json`;
      writeFileSync(join(folder, name), JSON.stringify({ result: own }));
    });
}

/** Takes what has run before the first messages, then before each tenth more, since taking costs milliseconds. */
function afterMessages(take) {
  const { postMessage } = threads.MessagePort.prototype;
  let messages = 0;
  let next = 1;
  threads.MessagePort.prototype.postMessage = function (...message) {
    messages += 1;
    if (messages >= next) {
      take();
      next = Math.max(messages + 1, Math.floor(messages * 1.1));
    }
    return Reflect.apply(postMessage, this, message);
  };
}
