import { describe, expect, it, vi } from 'vitest';
import { openFixture, temporaryFolder } from '../../test/fixture-store.ts';
import { Opener } from '../../test/opener.ts';
import { putText } from '../../test/records.ts';
import type { ProcessIdentity, ProcessProbe } from '../environment.ts';
import { nodeEnvironment } from '../node-environment.ts';
import { Liveness } from './liveness.ts';

const MINE: ProcessIdentity = { pid: 10, startTime: '500', bootId: 'boot', pidNamespace: 'here' };

interface Case {
  readonly identity?: Partial<ProcessIdentity>;
  readonly mine?: Partial<ProcessIdentity>;
  readonly holders?: readonly number[] | undefined;
  readonly probe?: ProcessProbe;
}

/** Asks about a process with number 20, which holds a place and of which nothing is known. */
function isAlive({ identity, mine, probe = { state: 'unknown' }, ...rest }: Case): boolean {
  const holders = 'holders' in rest ? rest.holders : [10, 20];
  const environment = {
    process: { ...MINE, ...mine },
    probe: () => probe,
    holdsSlot: (pid: number, all: ReadonlySet<number>) => all.has(pid),
  };
  const liveness = new Liveness({ holders: () => holders && new Set(holders) }, environment);
  return liveness.isAlive({ pid: 20, startTime: '700', bootId: 'boot', pidNamespace: 'here', ...identity });
}

describe('who is alive', () => {
  it('is who holds a place, whatever else is known, and nobody else [DML-STO-0533]', () => {
    const elsewhere = { pidNamespace: 'there', bootId: 'other' };
    const probes: ProcessProbe[] = [
      { state: 'alive', startTime: '700' },
      { state: 'dead' },
      { state: 'unknown' },
    ];
    for (const probe of probes) {
      expect(isAlive({ holders: [10], probe })).toBe(false);
      expect(isAlive({ holders: [10], probe, identity: elsewhere })).toBe(false);
      expect(isAlive({ holders: [], probe })).toBe(false);
      // Numbers of another namespace say nothing about processes of this one.
      expect(isAlive({ probe, identity: elsewhere })).toBe(true);
    }
    // The number is held, but in this namespace nobody has it: another namespace's process holds it.
    expect(isAlive({ probe: { state: 'dead' } })).toBe(false);
    expect(isAlive({})).toBe(true);
  });

  it('is not a process whose number another one has by now [DML-STO-0504]', () => {
    const alive = (startTime: string): ProcessProbe => ({ state: 'alive', startTime });
    expect(isAlive({ probe: alive('700') })).toBe(true);
    expect(isAlive({ probe: alive('701') })).toBe(false);
    for (const unknown of [
      { probe: alive('') },
      { probe: alive('701'), identity: { startTime: '' } },
      { probe: alive('701'), identity: { bootId: 'other' } },
      { probe: alive('701'), identity: { pidNamespace: '' }, mine: { pidNamespace: '' } },
    ])
      expect(isAlive(unknown), JSON.stringify(unknown)).toBe(true);
  });

  it('has the number of this process for itself [DML-STO-0537]', () => {
    const same = { pid: 10, startTime: '500' };
    expect(isAlive({ identity: same })).toBe(true);
    for (const other of [{ startTime: '501' }, { bootId: 'other' }, { pidNamespace: 'there' }])
      expect(isAlive({ identity: { ...same, ...other } }), JSON.stringify(other)).toBe(false);
    for (const unknown of ['startTime', 'bootId', 'pidNamespace'] as const) {
      expect(isAlive({ identity: { ...same, [unknown]: '' } }), unknown).toBe(true);
      expect(isAlive({ identity: { ...same, [unknown]: 'x' }, mine: { [unknown]: '' } }), unknown).toBe(true);
    }
  });

  it('cannot be told without locks, so all are that are not known to have ended [DML-STO-0538]', () => {
    const holders = undefined;
    expect(isAlive({ holders })).toBe(true);
    expect(isAlive({ holders, probe: { state: 'alive', startTime: '700' } })).toBe(true);
    expect(isAlive({ holders, probe: { state: 'dead' }, identity: { pidNamespace: 'there' } })).toBe(true);
    expect(isAlive({ holders, probe: { state: 'dead' }, identity: { pidNamespace: '' } })).toBe(true);
    expect(isAlive({ holders, probe: { state: 'dead' } })).toBe(false);
    expect(isAlive({ holders, probe: { state: 'alive', startTime: '701' } })).toBe(false);
    expect(isAlive({ holders, identity: { bootId: 'other' } })).toBe(false);
  });

  it('is not doubted where a process may not be signalled or looked at [DML-STO-0534]', () => {
    const environment = nodeEnvironment();
    const unused = 4_194_304 * 2;
    expect(environment.probe(unused)).toEqual({ state: 'dead' });
    const kill = vi.spyOn(process, 'kill');
    try {
      // As for a process of another user, whose entry in /proc is hidden.
      kill.mockImplementation(() => {
        throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
      });
      expect(environment.probe(unused)).toEqual({ state: 'unknown' });
      kill.mockImplementation(() => true);
      expect(environment.probe(unused)).toEqual({ state: 'unknown' });
    } finally {
      kill.mockRestore();
    }
  });
});

describe('a place', () => {
  it.each(['read', 'write'] as const)(
    'is held from before a store is read to %s until it is closed [DML-STO-0532]',
    async (mode) => {
      const store = await openFixture(nodeEnvironment(), `${temporaryFolder()}/store`);
      store.transact('put', (transaction) => void putText(transaction, 'mine'));
      const opener = new Opener(store.path);
      const isHeld = (): boolean => store.engine.holders()?.has(opener.pid) === true;
      const stops = ['open/lock-held', 'open/placed', 'open/reading'];
      expect(opener.tell({ kind: 'open', mode, stops }).at).toBe('open/lock-held');
      expect(isHeld()).toBe(false);
      for (const at of ['open/placed', 'open/reading']) {
        expect(opener.tell({ kind: 'go' }).at).toBe(at);
        expect(isHeld(), at).toBe(true);
      }
      expect(opener.tell({ kind: 'go' }).at).toBe('opened');
      expect(isHeld()).toBe(true);
      opener.tell({ kind: 'has', datumId: 'a'.repeat(64) as never });
      expect(isHeld()).toBe(true);
      opener.tell({ kind: 'close' });
      expect(isHeld()).toBe(false);
      expect(opener.tell({ kind: 'open', mode }).at).toBe('opened');
      expect(isHeld()).toBe(true);
      await opener.kill();
      expect(isHeld()).toBe(false);
    },
  );
});
