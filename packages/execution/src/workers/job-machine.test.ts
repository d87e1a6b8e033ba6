import { describe, expect, it } from 'vitest';
import { holdsClaim, type JobEvent, type JobState, nextJobStep } from './job-machine.ts';

const STATES: readonly JobState[] = [
  'waiting',
  'claiming',
  'checking',
  'fetching',
  'running',
  'posting',
  'done',
];
const EVENTS: readonly JobEvent[] = [
  'due',
  'held',
  'claimed',
  'open',
  'over',
  'fetched',
  'refused',
  'ran',
  'posted',
  'claim_lost',
  'failed',
];

/** The table of the document, without those of its rows that are of several states. */
const ROWS: readonly (readonly [JobState, JobEvent, JobState, string])[] = [
  ['waiting', 'due', 'claiming', 'claim'],
  ['waiting', 'over', 'done', ''],
  ['claiming', 'held', 'waiting', 'wait'],
  ['claiming', 'claimed', 'checking', 'check'],
  ['claiming', 'failed', 'waiting', 'wait'],
  ['checking', 'open', 'fetching', 'fetch'],
  ['fetching', 'fetched', 'running', 'run'],
  ['fetching', 'refused', 'posting', 'post'],
  ['running', 'ran', 'posting', 'post'],
  ['posting', 'posted', 'done', 'release'],
  ...(['checking', 'fetching', 'running', 'posting'] as const).flatMap(
    (state): (readonly [JobState, JobEvent, JobState, string])[] => [
      [state, 'over', 'done', 'stop release'],
      [state, 'claim_lost', 'waiting', 'stop wait'],
      [state, 'failed', 'waiting', 'stop release wait'],
    ],
  ),
];

describe('the machine of a job', () => {
  it('moves as its table says, and not for any other event [DML-EXE-1501]', () => {
    for (const state of STATES)
      for (const event of EVENTS) {
        const row = ROWS.find(([from, by]) => from === state && by === event);
        const step = nextJobStep(state, event);
        expect([state, event, step?.state, step?.effects.join(' ')]).toEqual([
          state,
          event,
          row?.[2],
          row?.[3],
        ]);
      }
  });

  it('gives up the claim wherever it ends or waits, unless that is lost', () => {
    for (const state of STATES.filter(holdsClaim))
      for (const event of EVENTS) {
        const step = nextJobStep(state, event);
        if (step === undefined || holdsClaim(step.state) || event === 'claim_lost') continue;
        expect([state, event, step.effects.includes('release')]).toEqual([state, event, true]);
      }
  });
});
