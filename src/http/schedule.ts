/** Which of the waiting jobs may start: no host gets too many at once, or too soon after one another. Pure. */

interface Waiting<Job> {
  readonly job: Job;
  readonly host: string;
  readonly notBefore: number;
  /** Its place in the order of arrival. */
  readonly place: number;
}

interface Host<Job> {
  active: number;
  /** When the next job may start. */
  freeAt: number;
  /** Those that wait for another job of this host to end, in order of arrival: nobody looks at them until then. */
  readonly parked: Waiting<Job>[];
}

export class Schedule<Job> {
  readonly #perHost: number;
  readonly #delay: number;
  /** In order of arrival. */
  #waiting: Waiting<Job>[] = [];
  #arrived = 0;
  #parked = 0;
  readonly #hosts = new Map<string, Host<Job>>();
  /** When so many hosts are known, those at rest are forgotten. */
  #sweepAt = 1_024;
  #due: number | undefined;

  constructor(perHost: number, delay: number) {
    this.#perHost = perHost;
    this.#delay = delay;
  }

  /** How many jobs wait. */
  get size(): number {
    return this.#waiting.length + this.#parked;
  }

  add(job: Job, host: string, notBefore: number): void {
    this.#waiting.push({ job, host, notBefore, place: this.#arrived });
    this.#arrived += 1;
  }

  /** The first job that may start now; it counts for its host until {@link release}. */
  take(now: number): Job | undefined {
    this.#due = undefined;
    for (let at = 0; at < this.#waiting.length; ) {
      const one = this.#waiting[at] as Waiting<Job>;
      const known = this.#hosts.get(one.host);
      const isFull = known !== undefined && known.active >= this.#perHost;
      const from = isFull ? one.notBefore : Math.max(one.notBefore, known?.freeAt ?? 0);
      if (from > now) {
        if (this.#due === undefined || from < this.#due) this.#due = from;
        at += 1;
        continue;
      }
      this.#remove(at);
      if (!isFull) {
        this.#enter(one.host, now);
        return one.job;
      }
      known.parked.push(one);
      this.#parked += 1;
    }
    return undefined;
  }

  /** When time alone will let a job start, as the last take() that found none saw it. */
  nextDue(): number | undefined {
    return this.#due;
  }

  release(host: string): void {
    const known = this.#hosts.get(host);
    if (known === undefined) return;
    known.active -= 1;
    const next = known.parked.shift();
    if (next !== undefined) {
      this.#parked -= 1;
      this.#returnToPlace(next);
    } else if (known.active <= 0 && this.#delay === 0) {
      this.#hosts.delete(host);
    }
  }

  /** Forgets what waits, and gives it back. */
  clear(): Job[] {
    const parked = [...this.#hosts.values()].flatMap((host) => host.parked.splice(0));
    const all = [...this.#waiting, ...parked].sort((one, other) => one.place - other.place);
    this.#waiting = [];
    this.#parked = 0;
    this.#due = undefined;
    return all.map(({ job }) => job);
  }

  /** The first costs nothing to take from an array, however long. */
  #remove(at: number): void {
    if (at === 0) this.#waiting.shift();
    else this.#waiting.splice(at, 1);
  }

  /** Few came before one that was parked and still wait. */
  #returnToPlace(one: Waiting<Job>): void {
    const at = this.#waiting.findIndex(({ place }) => place > one.place);
    if (at === 0) this.#waiting.unshift(one);
    else this.#waiting.splice(at === -1 ? this.#waiting.length : at, 0, one);
  }

  #enter(host: string, now: number): void {
    const known = this.#hosts.get(host) ?? { active: 0, freeAt: 0, parked: [] };
    known.active += 1;
    known.freeAt = now + this.#delay;
    this.#hosts.set(host, known);
    if (this.#hosts.size < this.#sweepAt) return;
    for (const [name, each] of this.#hosts) {
      // one that rests may still have jobs parked: the one before them is back in its place, and has yet to start
      if (each.active <= 0 && each.freeAt <= now && each.parked.length === 0) this.#hosts.delete(name);
    }
    this.#sweepAt = Math.max(1_024, 2 * this.#hosts.size);
  }
}
