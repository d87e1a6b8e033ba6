export { SeededRandom, seededNumbers } from './seeded-random.ts';
