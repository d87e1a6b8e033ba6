/** Function that calls back after a time, unless the function that it returns was called before. */
export type StartTimer = (ms: number, onEnd: () => void) => () => void;

/** Starts a timer of the system. */
export const startSystemTimer: StartTimer = (ms, onEnd) => {
  const timer = setTimeout(onEnd, ms);
  return () => clearTimeout(timer);
};
