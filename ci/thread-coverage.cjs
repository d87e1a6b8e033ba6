/** Preloaded by `ci/coverage.mjs`: a thread that is ended with its process would leave nothing of what it has run. */
const { isMainThread, MessagePort } = require('node:worker_threads');
const { takeCoverage } = require('node:v8');

if (!isMainThread) {
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (...message) {
    takeCoverage();
    return Reflect.apply(postMessage, this, message);
  };
}
