export { afterTests } from './clean-up.ts';
export { SeededRandom, seededNumbers } from './seeded-random.ts';
