/** Counts what became of commands, and lists what must not have. */
export class Tally {
  rounds = 0;
  commands = 0;
  ends = {};
  broken = [];

  /** Counts a command; `allowed` are the exit codes that it may end with. */
  end(where, { code, stderr }, allowed) {
    this.commands += 1;
    this.ends[code] = (this.ends[code] ?? 0) + 1;
    if (allowed.includes(code)) return;
    this.broken.push(`${where}: ended with ${code}: ${stderr.trim().split('\n')[0]?.slice(0, 200) ?? ''}`);
  }

  /** Runs a command that must do its work. */
  async run(world, where, argv, options) {
    this.end(where, await world.dml(argv, options), [0]);
  }

  check(where, isTrue, what) {
    if (!isTrue) this.broken.push(`${where}: ${what}`);
  }
}
