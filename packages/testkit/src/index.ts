export { afterTests } from './clean-up.ts';
export { IS_FULL, rounds } from './rounds.ts';
export { SeededRandom, seededNumbers } from './seeded-random.ts';
