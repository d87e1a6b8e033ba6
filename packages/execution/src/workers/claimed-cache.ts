import type { OwnClaim } from '@daggerml/remotes';
import type { SharedCache } from '../cache/shared-cache.ts';

/**
 * Returns the shared cache for the run of a claimed job: it publishes under the number of the claim, and nothing once
 * the claim is lost.
 */
export function claimedCache(
  cache: SharedCache,
  claim: OwnClaim,
  isHeld: () => Promise<boolean>,
): SharedCache {
  let isFlushed = false;
  return {
    lookUp: (keys, present) => cache.lookUp(keys, present),
    publish: async (publications, source) => {
      if (!(await isHeld())) return;
      const numbered = publications.map((each) =>
        each.executionKey === claim.executionKey ? { ...each, fencing: claim.fencing } : each,
      );
      const published = cache.publish(numbered, source);
      // Whoever asked for it did so while the claim was looked at.
      if (isFlushed) cache.flush?.();
      await published;
    },
    flush: () => {
      isFlushed = true;
      cache.flush?.();
    },
  };
}
