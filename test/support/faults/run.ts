/** Runs cases: a mailer against a server that breaks, and what is wrong with what it says of it. */
import { Mailer, type MailerOptions } from '../../../src/smtp/index.ts';
import { casesOf, type FaultCase, nameOf, sessionOf, waysOf } from './cases.ts';
import { type Answer, complaintsAbout } from './oracle.ts';
import { CA, type FaultServer, type FaultServerOptions, faultServer } from './server.ts';

export interface Timing {
  /** The client's deadline of every phase where the server stalls. */
  readonly deadline: number;
  /** How much later than it could be an answer may come. */
  readonly slack: number;
}

const USUAL: Timing = { deadline: 400, slack: 10_000 };
/** For a case that is run again, with few others, because the machine may have been too busy for the first time. */
const PATIENT: Timing = { deadline: 6_000, slack: 30_000 };
/** So many cases are run again, and so many at once. */
const MOST_AGAIN = 1_000;
const FEW_AT_ONCE = 8;
/** The pool's pause before it tries a message again. */
const RETRY_PAUSE = 500;

function optionsOf(each: FaultCase, port: number, timing: Timing): MailerOptions {
  return {
    host: '127.0.0.1',
    port,
    name: 'c.ex',
    security: each.security,
    auth: { user: 'u', pass: 'p' },
    tls: { ca: CA },
    lmtp: each.mode === 'lmtp',
    retries: each.retries,
    timeouts: each.cut?.fault === 'stall' ? timing.deadline : timing.deadline + timing.slack,
  };
}

async function talk(each: FaultCase, server: FaultServer, timing: Timing): Promise<readonly string[]> {
  const mailer = new Mailer(optionsOf(each, server.port, timing));
  const plan = sessionOf(each);
  const started = performance.now();
  const answers = await Promise.all(
    plan.map(({ id, to }): Promise<Answer> => {
      const envelope = { from: `${id}@a.ex`, to: to.map((name) => `${name}@b.ex`) };
      return mailer.send({ envelope, raw: 'a: b\r\n\r\nc\r\n' }).then(
        (delivery) => ({ delivery }),
        (error: unknown) => ({ error }),
      );
    }),
  );
  const answered = performance.now();
  await mailer.close();
  const closed = performance.now();
  const complaints = answers.flatMap((answer, n) => {
    const planned = plan[n];
    return planned === undefined ? [] : complaintsAbout(each, planned, n, answer, server);
  });
  const wait = each.cut?.fault === 'stall' ? timing.deadline : 0;
  const limit = timing.slack + wait + (each.retries > 0 ? RETRY_PAUSE : 0);
  if (answered - started > limit) complaints.push(`the answers took ${Math.round(answered - started)} ms`);
  if (closed - answered > timing.slack + wait) complaints.push(`closing took ${Math.round(closed - answered)} ms`);
  if (server.visits.length > 2) complaints.push(`${server.visits.length} connections`);
  for (const [n, visit] of server.visits.entries()) {
    if (!(await within(timing.slack, visit.left))) complaints.push(`connection ${n} is still open`);
  }
  return complaints;
}

async function within(ms: number, event: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const inTime = await Promise.race([event.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}

/** What is wrong with one case; nothing, it is hoped. */
export async function runCase(each: FaultCase, timing: Timing = USUAL): Promise<readonly string[]> {
  const server = await faultServer(each);
  let complaints: readonly string[] = ['it hangs'];
  const work = talk(each, server, timing).then((found) => {
    complaints = found;
  });
  await within(2 * (timing.deadline + timing.slack) + RETRY_PAUSE, work);
  await server.close();
  return complaints;
}

/** How many bytes a session without a fault has. */
export async function lengthOf(way: Omit<FaultServerOptions, 'cut'>): Promise<{ sent: number; received: number }> {
  const server = await faultServer({ ...way, cut: undefined });
  const complaints = await talk({ ...way, cut: undefined, retries: 0 }, server, PATIENT);
  await server.close();
  if (complaints.length > 0) throw new Error(`without a fault: ${complaints.join('; ')}`);
  const { sent = 0, received = 0 } = server.visits[0]?.passage ?? {};
  return { sent, received };
}

export interface Figures {
  readonly way: Omit<FaultServerOptions, 'cut'>;
  readonly run: number;
  /** Cases that were run again with few others. */
  readonly again: number;
  readonly wrong: readonly string[];
  readonly seconds: number;
}

/** Runs every case of a way, `atOnce` at a time. */
export async function runWay(way: Omit<FaultServerOptions, 'cut'>, step: number, atOnce: number): Promise<Figures> {
  const started = performance.now();
  const cases = casesOf(way, await lengthOf(way), step);
  const suspects: FaultCase[] = [];
  let run = 0;
  const worker = async (): Promise<void> => {
    for (const each of cases) {
      run += 1;
      if ((await runCase(each)).length > 0) suspects.push(each);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const wrong: string[] = [];
  const patient = suspects.slice(0, MOST_AGAIN).values();
  const again = async (): Promise<void> => {
    for (const each of patient) {
      const complaints = await runCase(each, PATIENT);
      if (complaints.length > 0) wrong.push(`${nameOf(each)}: ${complaints.join('; ')}`);
    }
  };
  await Promise.all(Array.from({ length: FEW_AT_ONCE }, again));
  // where many are wrong it was not the machine
  for (const each of suspects.slice(MOST_AGAIN))
    wrong.push(`${nameOf(each)}: not run again, there are too many like it`);
  return { way, run, again: suspects.length, wrong, seconds: (performance.now() - started) / 1000 };
}

export { waysOf };
