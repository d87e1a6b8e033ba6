import type { ExecutionKey } from '@daggerml/object-model';
import type { RemoteFiles } from '../../src/files/remote-files.ts';
import { decodeClaim, encodeClaim, type RemoteClaim } from '../../src/format/claim.ts';
import type { Remote } from '../../src/remote.ts';
import type { ClaimVariant } from './claim-history.ts';

function withFiles(remote: Remote, replaced: Partial<RemoteFiles>): Remote {
  return { ...remote, files: { ...remote.files, ...replaced } };
}

function claimOf(path: string, bytes: Uint8Array): RemoteClaim {
  return decodeClaim(bytes, path.slice('claims/'.length, -'.json'.length) as ExecutionKey, 'simulated');
}

const ANOTHER_WRITE = '00000000-0000-0000-0000-000000000000';

/** Takes a refusal for the write of another, without a look at the write id. */
function trustsRefusals(remote: Remote): Remote {
  let isRefused = false;
  return withFiles(remote, {
    swap: async (path, expected, bytes) => {
      const answer = await remote.files.swap(path, expected, bytes);
      isRefused = answer.outcome === 'refused';
      return answer;
    },
    readVersion: async (path, known) => {
      const found = await remote.files.readVersion(path, known);
      if (!isRefused || typeof found !== 'object') return found;
      isRefused = false;
      return { ...found, bytes: encodeClaim({ ...claimOf(path, found.bytes), write: ANOTHER_WRITE }) };
    },
  });
}

/** Takes no answer for success. */
function trustsSilence(remote: Remote): Remote {
  return withFiles(remote, {
    swap: async (path, expected, bytes) => {
      const answer = await remote.files.swap(path, expected, bytes);
      return answer.outcome === 'unknown' ? { outcome: 'applied', version: 'none' } : answer;
    },
  });
}

/** Takes over under the number of the claim that it replaces. */
function keepsNumbers(remote: Remote): Remote {
  return withFiles(remote, {
    swap: async (path, expected, bytes) => {
      const claim = claimOf(path, bytes);
      const fencing = Math.max(1, claim.fencing - 1);
      return await remote.files.swap(path, expected, encodeClaim({ ...claim, fencing }));
    },
  });
}

/** Writes a claim that it had once more, over that of whoever has it by now. */
function insists(remote: Remote): Remote {
  return withFiles(remote, {
    swap: async (path, expected, bytes) => {
      const answer = await remote.files.swap(path, expected, bytes);
      if (answer.outcome !== 'refused') return answer;
      const found = await remote.files.readVersion(path);
      if (typeof found !== 'object') return answer;
      return await remote.files.swap(path, found.version, bytes);
    },
  });
}

/** Answers that a claim is renewed, and writes nothing. */
function rests(remote: Remote): Remote {
  const numbers = new Map<string, number>();
  return withFiles(remote, {
    swap: async (path, expected, bytes) => {
      const { fencing, state } = claimOf(path, bytes);
      if (state === 'held' && expected !== null && numbers.get(path) === fencing)
        return { outcome: 'applied', version: expected };
      const answer = await remote.files.swap(path, expected, bytes);
      if (answer.outcome === 'applied') numbers.set(path, fencing);
      return answer;
    },
  });
}

/** Asks the remote for its time once, and never again. */
function asksOnce(remote: Remote): Remote {
  let first: number | undefined;
  return withFiles(remote, {
    now: async () => {
      first ??= await remote.files.now();
      return first;
    },
  });
}

/** Takes every lease for one that has passed. */
function robs(remote: Remote): Remote {
  return withFiles(remote, {
    readVersion: async (path, known) => {
      const found = await remote.files.readVersion(path, known);
      if (typeof found !== 'object') return found;
      return {
        ...found,
        bytes: encodeClaim({ ...claimOf(path, found.bytes), claimedMs: 0, leaseMs: 1_000 }),
      };
    },
  });
}

/** A defect, and the promise that it breaks. */
export interface ClaimDefect {
  readonly variant: ClaimVariant;
  readonly breaks: RegExp;
}

/** Defects that the simulation has to find, by what they do. */
export const CLAIM_DEFECTS: Readonly<Record<string, ClaimDefect>> = {
  'a bucket that ignores conditions': {
    variant: { ignoresConditions: true },
    breaks: /writes the claim of|takes effect twice|two holders of the number/,
  },
  'a claimer that measures leases by its own clock': {
    variant: { remote: (remote, { wallMs }) => withFiles(remote, { now: async () => wallMs() }) },
    breaks: /a lease begins in the future/,
  },
  'a follower that waits for no lease': { variant: { remote: robs }, breaks: /which has \d+ ms left/ },
  'a claimer that takes every refusal for the write of another': {
    variant: { remote: trustsRefusals },
    breaks: /has a claim and is not told|may not (renew|release|finish) its own claim/,
  },
  'a claimer that takes no answer for success': {
    variant: { remote: trustsSilence },
    breaks: /which it does not have|that has no effect|may not (renew|release|finish) its own claim/,
  },
  'a takeover that keeps the number': {
    variant: { remote: keepsNumbers },
    breaks: /writes the claim of|two holders of the number/,
  },
  'an owner that writes over whoever took its claim': {
    variant: { remote: insists },
    breaks: /writes the claim of|takes effect twice|two holders of the number/,
  },
  'an owner that says it renews and does not': {
    variant: { remote: rests },
    breaks: /a renew that has no effect|may renew a claim that was taken over/,
  },
  'a follower for whom no lease passes': {
    variant: { remote: asksOnce },
    breaks: /does not end within|waits for ever|never ends/,
  },
};
