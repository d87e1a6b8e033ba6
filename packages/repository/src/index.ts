export { type RepositoryErrorCode, repositoryError } from './errors.ts';
export { putFailure, putResultDag, type RecordedFailure, readFailure } from './nodes/error-dag.ts';
export { type ExecHead, execHeadOf, headOf } from './nodes/exec-head.ts';
export {
  type FunctionUri,
  formatFunctionUri,
  LOCAL_ADAPTER,
  parseFunctionUri,
} from './nodes/function-uri.ts';
export { type Computed, inputsRoot, isSameComputation } from './nodes/input-values.ts';
export { type PinScope, treeScope } from './nodes/pin-scope.ts';
export { plainResultOf } from './nodes/plain-result.ts';
export { execValue, namedNode, type RecordSource, storedValue } from './nodes/stored-value.ts';
