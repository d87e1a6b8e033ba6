/** Wraps the files of a remote and counts requests and bytes; a list is one request for each 1,000 names. */
export function countingFiles(files) {
  const counts = { requests: 0, sentBytes: 0, receivedBytes: 0 };
  const sent = (bytes) => {
    counts.requests += 1;
    counts.sentBytes += bytes.length;
  };
  const received = (bytes) => {
    counts.requests += 1;
    counts.receivedBytes += bytes?.length ?? 0;
  };
  return {
    name: files.name,
    counts,
    /** Returns what was counted since the last look. */
    take: () => {
      const taken = { ...counts, bytes: counts.sentBytes + counts.receivedBytes };
      Object.assign(counts, { requests: 0, sentBytes: 0, receivedBytes: 0 });
      return taken;
    },
    read: async (path, range) => {
      const bytes = await files.read(path, range);
      received(bytes);
      return bytes;
    },
    readVersion: async (path, knownVersion) => {
      const found = await files.readVersion(path, knownVersion);
      received(typeof found === 'object' ? found.bytes : undefined);
      return found;
    },
    put: async (path, bytes) => {
      sent(bytes);
      await files.put(path, bytes);
    },
    swap: async (path, expected, bytes) => {
      sent(bytes);
      return files.swap(path, expected, bytes);
    },
    async *list(prefix) {
      let names = 0;
      for await (const file of files.list(prefix)) {
        if (names % 1000 === 0) counts.requests += 1;
        names += 1;
        yield file;
      }
      if (names === 0) counts.requests += 1;
    },
    remove: async (paths) => {
      counts.requests += paths.length;
      await files.remove(paths);
    },
    now: async () => {
      counts.requests += 1;
      return files.now();
    },
    close: () => files.close(),
  };
}
