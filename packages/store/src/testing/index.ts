export { collectSteps } from '../gc/collect.ts';
export { plantRef } from './plant-ref.ts';
export { plantStub } from './plant-stub.ts';
