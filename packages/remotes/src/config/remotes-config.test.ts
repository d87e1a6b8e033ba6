import { existsSync, linkSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterTests } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import {
  addRemote,
  findRemote,
  readRemotes,
  removeRemote,
  setBlobLimit,
  setTrust,
} from './remotes-config.ts';

const URI = 'dml+remote://file/srv/data';

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dml-config-'));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'remotes.json');
}

describe('the file of remotes', () => {
  it('holds remotes by name', () => {
    const path = newPath();
    expect(readRemotes(path).size).toBe(0);
    addRemote(path, 'origin', { uri: URI });
    addRemote(path, 'backup', { uri: `${URI}2` });
    expect([...readRemotes(path).keys()]).toEqual(['backup', 'origin']);
    expect(readFileSync(path, 'utf8')).toBe(
      `{"format":1,"remotes":{"backup":{"uri":"${URI}2"},"origin":{"uri":"${URI}"}}}\n`,
    );
    expect(removeRemote(path, 'backup')).toEqual({ uri: `${URI}2` });
    expect(() => findRemote(readRemotes(path), 'backup')).toThrow(/there is no remote "backup".*origin/);
    expect(() => removeRemote(path, 'backup')).toThrow(/there is no remote/);
  });

  it('holds the limit of blobs next to the trust', () => {
    const path = newPath();
    addRemote(path, 'origin', { uri: URI, blobLimitBytes: 0 });
    expect(readRemotes(path).get('origin')).toEqual({ uri: URI, blobLimitBytes: 0 });
    setTrust(path, 'origin', { keys: [], unsigned: true });
    setBlobLimit(path, 'origin', 1024);
    const trust = { keys: [], unsigned: true };
    expect(readRemotes(path).get('origin')).toEqual({ uri: URI, trust, blobLimitBytes: 1024 });
    setBlobLimit(path, 'origin', undefined);
    expect(readRemotes(path).get('origin')).toEqual({ uri: URI, trust });
    expect(() => setBlobLimit(path, 'other', 1)).toThrow(/there is no remote "other"/);
    writeFileSync(path, `{"format":1,"remotes":{"origin":{"blobLimitBytes":-1,"uri":"${URI}"}}}\n`);
    expect(() => readRemotes(path)).toThrow(/cannot be used/);
  });

  it('takes a name once [DML-REM-0320]', () => {
    const path = newPath();
    addRemote(path, 'origin', { uri: URI });
    expect(() => addRemote(path, 'origin', { uri: `${URI}2` })).toThrow(/already/);
    expect(readRemotes(path).get('origin')).toEqual({ uri: URI });
  });

  it('takes names that refs may have, without a slash [DML-REM-0321]', () => {
    const path = newPath();
    for (const name of ['', 'a/b', '..', '.x', 'a b', 'x.lock', '-x', 'a~1', 'e\u0301'])
      expect(() => addRemote(path, name, { uri: URI }), name).toThrow(/cannot name a remote/);
    for (const name of ['a', 'team-data', 'ä']) addRemote(path, name, { uri: URI });
    expect(readRemotes(path).size).toBe(3);
    expect(existsSync(path)).toBe(true);
  });

  it('is refused unless it has its form [DML-REM-0322]', () => {
    const path = newPath();
    const good = `{"format":1,"remotes":{"origin":{"uri":"${URI}"}}}\n`;
    for (const [text, detail] of [
      ['', 'json'],
      ['[]\n', 'form'],
      [good.trim(), 'not_canonical'],
      [good.replace('1', '2'), 'newer'],
      [good.replace('"uri"', '"url"'), 'form'],
      [good.replace('origin', 'a b'), 'form'],
      [good.replace(URI, 'https://x'), 'form'],
      [good.replace('{"format"', '{"extra":1,"format"'), 'form'],
    ] as const) {
      writeFileSync(path, text);
      expect(() => readRemotes(path), text).toThrow(
        expect.objectContaining({ code: 'remotes_unusable', detail }),
      );
    }
    writeFileSync(path, good);
    expect(readRemotes(path).size).toBe(1);
  });

  it('is old or new where a change of it is cut off [DML-REM-0323]', () => {
    const path = newPath();
    addRemote(path, 'origin', { uri: URI });
    // What a killed process left beside it is in nobody's way, and is no part of it.
    writeFileSync(`${path}.tmp`, '{"format":1,"rem');
    expect([...readRemotes(path).keys()]).toEqual(['origin']);
    addRemote(path, 'backup', { uri: URI });
    expect([...readRemotes(path).keys()]).toEqual(['backup', 'origin']);
    expect(existsSync(`${path}.tmp`)).toBe(false);
  });

  it('is not read through a link [DML-REM-0324]', () => {
    const path = newPath();
    const other = newPath();
    addRemote(other, 'origin', { uri: URI });
    symlinkSync(other, path);
    expect(() => readRemotes(path)).toThrow(expect.objectContaining({ detail: 'link' }));
    rmSync(path);
    linkSync(other, path);
    expect(() => readRemotes(path)).toThrow(expect.objectContaining({ detail: 'link' }));
  });

  it('says whose outcomes are trusted, of each remote by itself [DML-REM-1506]', () => {
    const path = newPath();
    const key = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
    for (const name of ['origin', 'other']) addRemote(path, name, { uri: URI });
    const trust = { keys: [key], unsigned: true };
    setTrust(path, 'origin', trust);
    expect([...readRemotes(path)]).toEqual([
      ['origin', { uri: URI, trust }],
      ['other', { uri: URI }],
    ]);
    for (const wrong of ['', 'did:key:zNone', key.slice(0, -1), `${key} `])
      expect(() => setTrust(path, 'other', { keys: [key, wrong], unsigned: false }), wrong).toThrow(
        expect.objectContaining({ code: 'signer_invalid' }),
      );
    expect(() => setTrust(path, 'none', trust)).toThrow(expect.objectContaining({ code: 'remote_unknown' }));
    writeFileSync(path, readFileSync(path, 'utf8').replace(key, 'did:key:zNone'));
    expect(() => readRemotes(path)).toThrow(expect.objectContaining({ code: 'remotes_unusable' }));
    writeFileSync(path, readFileSync(path, 'utf8').replace('did:key:zNone', key));
    setTrust(path, 'origin', undefined);
    expect(readRemotes(path).get('origin')).toEqual({ uri: URI });
  });
});
