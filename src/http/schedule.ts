/** Which of the waiting jobs may start: no host gets too many at once, or too soon after one another. Pure. */

interface Waiting<Job> {
  readonly job: Job;
  readonly host: string;
  readonly notBefore: number;
}

interface Host {
  active: number;
  /** When the next job may start. */
  freeAt: number;
}

export class Schedule<Job> {
  readonly #perHost: number;
  readonly #delay: number;
  /** In order of arrival. */
  #waiting: Waiting<Job>[] = [];
  readonly #hosts = new Map<string, Host>();
  /** When so many hosts are known, those at rest are forgotten. */
  #sweepAt = 1_024;
  #due: number | undefined;

  constructor(perHost: number, delay: number) {
    this.#perHost = perHost;
    this.#delay = delay;
  }

  /** How many jobs wait. */
  get size(): number {
    return this.#waiting.length;
  }

  add(job: Job, host: string, notBefore: number): void {
    this.#waiting.push({ job, host, notBefore });
  }

  /** The first job that may start now; it counts for its host until {@link release}. */
  take(now: number): Job | undefined {
    this.#due = undefined;
    for (const [i, { job, host, notBefore }] of this.#waiting.entries()) {
      const known = this.#hosts.get(host);
      const at = Math.max(notBefore, known?.freeAt ?? 0);
      if (known !== undefined && known.active >= this.#perHost) continue;
      if (at > now) {
        if (this.#due === undefined || at < this.#due) this.#due = at;
        continue;
      }
      this.#waiting.splice(i, 1);
      this.#enter(host, now);
      return job;
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
    if (known.active <= 0 && this.#delay === 0) this.#hosts.delete(host);
  }

  /** Forgets what waits, and gives it back. */
  clear(): Job[] {
    const jobs = this.#waiting.map(({ job }) => job);
    this.#waiting = [];
    this.#due = undefined;
    return jobs;
  }

  #enter(host: string, now: number): void {
    const known = this.#hosts.get(host) ?? { active: 0, freeAt: 0 };
    known.active += 1;
    known.freeAt = now + this.#delay;
    this.#hosts.set(host, known);
    if (this.#hosts.size < this.#sweepAt) return;
    for (const [name, each] of this.#hosts) if (each.active <= 0 && each.freeAt <= now) this.#hosts.delete(name);
    this.#sweepAt = Math.max(1_024, 2 * this.#hosts.size);
  }
}
