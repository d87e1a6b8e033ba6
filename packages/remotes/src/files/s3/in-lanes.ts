/**
 * Runs a piece of work for each of `count` numbers from 0 up, at most `lanes` at a time. After a failure no other piece
 * begins; it is thrown once all that have begun have ended.
 */
export async function inLanes(
  lanes: number,
  count: number,
  work: (at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    try {
      while (next < count) await work(next++);
    } catch (error) {
      next = count;
      throw error;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(lanes, count) }, lane));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
