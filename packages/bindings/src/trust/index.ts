export { type UserContext, userContext } from '../user-context.ts';
export { admitRepository } from './admit-repository.ts';
export { TrustList } from './trust-list.ts';
