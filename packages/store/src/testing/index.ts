export { collectSteps } from '../gc/collect.ts';
