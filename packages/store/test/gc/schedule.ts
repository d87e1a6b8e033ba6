/** One actor of a schedule: every call makes its next step; false when that was the last. */
export type Actor = () => boolean;

/** Returns an actor from a list of steps. */
export function actorOf(steps: readonly (() => void)[]): Actor {
  let next = 0;
  return () => {
    const step = steps[next];
    next += 1;
    step?.();
    return next < steps.length;
  };
}

/** Returns an actor from a generator. */
export function actorOfGenerator(steps: Generator<unknown, unknown, undefined>): Actor {
  return () => steps.next().done !== true;
}

/**
 * Runs actors to their end; `choose` picks among those that have steps left, `check` looks after every step.
 * Returns the actors that moved, step by step: this list repeats the run exactly.
 */
export function runSchedule(
  actors: readonly Actor[],
  choose: (alive: readonly number[], step: number) => number,
  check: (trace: readonly number[]) => void,
): readonly number[] {
  const trace: number[] = [];
  let alive = actors.map((_, index) => index);
  while (alive.length > 0) {
    const chosen = choose(alive, trace.length);
    trace.push(chosen);
    if (!(actors[chosen] as Actor)()) alive = alive.filter((index) => index !== chosen);
    check(trace);
  }
  return trace;
}

/**
 * Runs every schedule there is: depth first over the choices, each run from a fresh start.
 * Returns how many there were; throws what `check` throws, with the schedule that led there.
 */
export function exploreAll(
  start: () => readonly Actor[],
  check: (trace: readonly number[]) => void,
  limit: number,
): number {
  let prefix: number[] = [];
  for (let runs = 1; ; runs += 1) {
    if (runs > limit) throw new Error(`more than ${limit} schedules`);
    const options: (readonly number[])[] = [];
    const trace = runSchedule(
      start(),
      (alive, step) => {
        options.push(alive);
        return prefix[step] ?? (alive[0] as number);
      },
      check,
    );
    let at = trace.length - 1;
    while (at >= 0 && options[at]?.at(-1) === trace[at]) at -= 1;
    if (at < 0) return runs;
    const alive = options[at] as readonly number[];
    prefix = [...trace.slice(0, at), alive[alive.indexOf(trace[at] as number) + 1] as number];
  }
}
