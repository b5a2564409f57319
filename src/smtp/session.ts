/**
 * The client's side of an SMTP session as a pure machine: dialogues and bytes go in, bytes and outcomes come out. It
 * keeps the account of what was said and what is owed a reply, matches replies to it one for one, and lets the next
 * dialogue speak right behind the one before where the server allows (RFC 2920). It knows no socket, timer or promise.
 */
import { AbortError, ConnectionError, type PlainwireError, ProtocolError, type Reply, withFacts } from '../errors.ts';
import type { Tracer } from '../trace/tracer.ts';
import { type Dialogue, Interruption, type Say, type Step, type Utterance } from './dialogue.ts';
import { Goodbye } from './goodbye.ts';
import { checkLegal, nameOf, phaseOf } from './legal-replies.ts';
import { Outbox, type Outgoing } from './outbox.ts';
import { ReplyParser } from './reply-parser.ts';
import { type ContentStream, type Outcome, Run } from './run.ts';
import { Secrets } from './secrets.ts';
import { beforeTls, closing, dropped, refusedEarly, uncalledFor, wentOn } from './session-faults.ts';
import { SessionTrace } from './session-trace.ts';
import { Speech } from './speech.ts';

/** A step that is not said on the wire: the driver does it and then calls {@link Session.resume}. */
export interface Task {
  readonly run: Run;
  readonly step: Exclude<Step, Say>;
}

/** How much may be on its way at once. */
export interface Pace {
  /** Batches go out in one write, and the next dialogue behind the last words of the one before. */
  readonly pipelining: boolean;
  /** How many dialogues may be under way at once. */
  readonly depth: number;
}

const NOTHING_HEARD: readonly Reply[] = [];
const LOCK_STEP: Pace = { pipelining: false, depth: 1 };

export class Session {
  pace: Pace = LOCK_STEP;
  readonly #trace: SessionTrace;
  readonly #parser = new ReplyParser((reply, raw) => this.#onReply(reply, raw));
  readonly #runs: Run[] = [];
  /** How many replies were heard that were owed. */
  #heard = 0;
  readonly #out = new Outbox();
  readonly #secrets = new Secrets();
  readonly #speech: Speech;
  /**
   * Runs whose BDAT has its replies: their outcome waits for the end of the bytes at hand. No 354 has shown that replies
   * and commands are in step, and a reply too many among the same bytes shows that they are not.
   */
  readonly #answered: Run[] = [];
  #task: Task | undefined;
  #fault: PlainwireError | undefined;
  /** The 421 by which the server ended the session. */
  #goodbye: Goodbye | undefined;

  constructor(tracer?: Tracer) {
    this.#trace = new SessionTrace(tracer);
    this.#speech = new Speech(this.#out, this.#trace, this.#secrets);
  }

  /** Whether another dialogue may begin to speak now. */
  get isFree(): boolean {
    if (this.#fault !== undefined || this.#goodbye !== undefined || this.#task !== undefined) return false;
    const last = this.#runs[this.#runs.length - 1];
    if (last === undefined) return true;
    if (!this.pace.pipelining || this.#runs.length >= this.pace.depth) return false;
    const { step } = last;
    return step?.last === true && last.said === step.utterances.length && last.content !== 'streaming';
  }

  /** Whether a dialogue is under way. */
  get isBusy(): boolean {
    return this.#runs.length > 0;
  }

  /** What went wrong; the session is over. */
  get fault(): PlainwireError | undefined {
    return this.#fault;
  }

  /** The server has said 421, and not closed yet. */
  get isLeft(): boolean {
    return this.#goodbye !== undefined && this.#fault === undefined;
  }

  /** What waits to be done off the wire. */
  get task(): Task | undefined {
    return this.#task;
  }

  /** The number of the reply that is owed next, counted from the greeting on; undefined when none is. */
  get awaited(): number | undefined {
    if (this.isLeft) return Number.POSITIVE_INFINITY;
    return this.#answering === undefined ? undefined : this.#heard;
  }

  /** The phase whose deadline runs. */
  get awaitedPhase(): string | undefined {
    if (this.isLeft) return 'quit';
    const awaited = this.#answering?.awaits;
    return awaited === undefined ? undefined : phaseOf(awaited);
  }

  /** The run that the next reply goes to: they spoke one after the other, and are answered so. */
  get #answering(): Run | undefined {
    for (let index = 0; index < this.#runs.length; index += 1) {
      const run = this.#runs[index] as Run;
      if (run.owed > 0) return run;
    }
    return undefined;
  }

  /** Lets a dialogue speak; `done` is called once with its outcome. Only where {@link isFree}. */
  begin<T>(dialogue: Dialogue<T>, done: (outcome: Outcome<T>) => void): Run {
    const run = new Run(dialogue, done as (outcome: Outcome<unknown>) => void);
    if (this.#fault !== undefined) {
      run.done({ ok: false, error: this.#fault });
      return run;
    }
    this.#runs.push(run);
    this.#advance(run, NOTHING_HEARD);
    return run;
  }

  /** What is to be written next; undefined when nothing is. What was taken counts as said. */
  take(): Outgoing | undefined {
    return this.#out.take();
  }

  /** Bytes of the server, cut anywhere. */
  receive(chunk: Uint8Array): void {
    if (this.#fault !== undefined) return;
    this.#trace.heard();
    try {
      if (this.#awaitsTls()) throw beforeTls();
      this.#parser.push(chunk);
      if (this.#parser.hasPartial) this.#checkBegun(this.#parser.begun);
      this.#completeAnswered();
    } catch (error) {
      // whatever they were, they came where the handshake was due
      this.fail(this.#awaitsTls() ? beforeTls() : (error as PlainwireError));
    }
  }

  /** A reply that begins where none is due would be taken for the beginning of the next one. */
  #checkBegun(code: string): void {
    if (this.#awaitsTls()) throw beforeTls();
    if (this.#out.due > 0 || '421'.startsWith(code)) return;
    throw new ProtocolError('UNEXPECTED_REPLY', 'the server began a reply where none was due');
  }

  #completeAnswered(): void {
    if (this.#answered.length === 0) return;
    for (const run of this.#answered.splice(0)) this.#complete(run);
  }

  /** The connection has come to an end. Behind a 421 that is what was awaited. */
  end(fault: PlainwireError): void {
    const goodbye = this.#goodbye;
    if (goodbye === undefined || fault instanceof AbortError) return this.fail(fault);
    if (/^[23]/.test(this.#parser.begun)) return this.fail(wentOn());
    if (fault instanceof ConnectionError) goodbye.unheeded(this.#runs);
    this.fail(closing(goodbye.reply));
  }

  /** The session is over: every dialogue under way hears of it, each with its own truth. */
  fail(cause: PlainwireError): void {
    if (this.#fault !== undefined) return;
    const fault = this.#secrets.outOf(cause);
    this.#fault = fault;
    this.#out.clear();
    this.#task = undefined;
    for (const run of this.#runs.splice(0)) {
      if (!run.abandoned) this.#interrupt(run, fault);
    }
  }

  /**
   * The caller wants no more of a dialogue. What was said can't be unsaid: where others wait before it the session goes
   * on until its turn comes, and ends there, before a word of its message is sent.
   */
  abandon(run: Run, fault: PlainwireError): void {
    if (!this.#runs.includes(run) || run.abandoned) return;
    run.abandoned = true;
    this.#interrupt(run, fault);
    // a message that has left needs no more words: while others are under way, its reply is waited for with theirs
    const blocks = this.#runs[0] === run && run.content !== 'left';
    if (blocks || this.#runs.every((each) => each.abandoned)) this.fail(dropped('a message on it was aborted'));
  }

  /** The source of a message failed behind a 354: only the end of the connection keeps its beginning from being taken. */
  failContent(stream: ContentStream, fault: PlainwireError): void {
    const { run } = stream;
    if (!this.#runs.includes(run)) return;
    run.content = 'held';
    if (!run.abandoned) {
      run.abandoned = true;
      this.#interrupt(run, fault);
    }
    this.fail(dropped('the source of a message on it failed'));
  }

  /** Goes on after a task, or with its error. */
  resume(task: Task, outcome: Outcome<void>): void {
    if (this.#task !== task) return;
    this.#task = undefined;
    if (outcome.ok) this.#advance(task.run, NOTHING_HEARD);
    else this.#throw(task.run, outcome.error);
  }

  /** A chunk of BDAT begins: the bytes of its command; a reply is owed to it from now on. */
  beginChunk(stream: ContentStream, octets: number, place: 'more' | 'last'): string {
    return this.#speech.beginChunk(stream, octets, place);
  }

  /** Whether the content is still wanted: false once a reply refused it, or the session is over. */
  isWanted(stream: ContentStream): boolean {
    if (this.#fault !== undefined || this.#goodbye !== undefined || stream.run.abandoned) return false;
    return !stream.run.replies.some((reply, index) => index >= stream.run.said - 1 && reply.code >= 400);
  }

  /** A piece of streamed content was written. */
  wrote(bytes: Uint8Array | string): void {
    this.#trace.content(bytes);
  }

  /** The stream was written to its end; with DATA, its final dot with it. */
  endContent(stream: ContentStream): void {
    stream.run.content = 'left';
    this.#contentOver(stream.run);
  }

  /** The stream is not wanted any more, or its source failed: with BDAT the session goes on, the message does not. */
  breakContent(stream: ContentStream, fault: unknown): void {
    stream.run.content = 'held';
    stream.run.contentFault = fault;
    this.#contentOver(stream.run);
  }

  #contentOver(run: Run): void {
    if (run.owed === 0 && this.#goodbye === undefined && this.#runs.includes(run)) this.#complete(run);
  }

  #awaitsTls(): boolean {
    return this.#task?.step.kind === 'upgrade';
  }

  #advance(run: Run, replies: readonly Reply[]): void {
    try {
      const { done, value } = run.dialogue.next(replies);
      if (done === true) this.#settle(run, { ok: true, value });
      else this.#perform(run, value);
    } catch (error) {
      this.#settle(run, { ok: false, error });
      // what was said may have been taken for something else: the session can't go on
      if (error instanceof ConnectionError) this.fail(error);
    }
  }

  #throw(run: Run, error: unknown): void {
    try {
      const { done, value } = run.dialogue.throw(error);
      if (done === true) this.#settle(run, { ok: true, value });
      else this.#perform(run, value);
    } catch (thrown) {
      this.#settle(run, { ok: false, error: thrown });
    }
  }

  #perform(run: Run, step: Step): void {
    if (step.kind !== 'say') {
      this.#task = { run, step };
      return;
    }
    run.step = step;
    run.said = 0;
    run.replies = [];
    this.#speak(run, step);
  }

  /** Says what may be said now; completes the step when nothing is left to say or to hear. */
  #speak(run: Run, step: Say): void {
    const { utterances } = step;
    while (run.said < utterances.length) {
      if (!this.pace.pipelining) {
        if (run.owed > 0) return;
        if (run.said > 0 && !step.goesOn(run.replies, run.said)) break;
      }
      const utterance = utterances[run.said] as Utterance;
      run.said += 1;
      try {
        this.#speech.say(run, utterance);
      } catch (error) {
        // part of the batch may have been said: nothing that comes now could be told from an answer to the rest
        this.#settle(run, { ok: false, error });
        this.fail(dropped('a message on it could not be said'));
        return;
      }
    }
    run.said = utterances.length;
    if (run.owed === 0 && run.content !== 'streaming') this.#complete(run);
  }

  #onReply(reply: Reply, raw: string): void {
    const run = this.#answering;
    const awaited = run?.awaits;
    this.#trace.reply(reply, raw, awaited);
    if (this.#awaitsTls()) throw beforeTls();
    if (this.#goodbye !== undefined) return this.#afterGoodbye(reply, this.#goodbye);
    // RFC 5321 section 3.8: a server may say 421 at any time, and then closes
    if (reply.code === 421) this.#goodbye = new Goodbye(reply);
    if (run === undefined || awaited === undefined || (this.#out.due === 0 && reply.code !== 421)) {
      if (reply.code === 421) return this.fail(closing(reply));
      throw uncalledFor(reply, raw);
    }
    checkLegal(awaited, reply);
    if (awaited.verb === 'data' && run.content === 'streaming' && reply.code < 400) {
      throw new ProtocolError('UNEXPECTED_REPLY', 'the server took the message before its end was sent', { reply });
    }
    this.#heard += 1;
    this.#out.answered();
    run.owed -= 1;
    run.replies.push(reply);
    if (run.step !== undefined && run.said < run.step.utterances.length) this.#speak(run, run.step);
    else if (awaited.verb === 'data' && run.content === 'streaming') this.#refusedEarly(run, reply);
    else if (run.owed === 0 && run.content !== 'streaming') {
      if (awaited.verb === 'bdat') this.#answered.push(run);
      else this.#complete(run);
    }
    if (this.#goodbye !== undefined) {
      this.#completeAnswered();
      this.#takeLeave(this.#goodbye, awaited);
    }
  }

  /** Nothing more is said; but what messages that have left whole became of is seen by what the server does next. */
  #takeLeave(goodbye: Goodbye, answered: Utterance): void {
    goodbye.heardFor(answered, this.#runs);
    this.#out.clear();
    if (!goodbye.leavesDoubt(this.#runs)) this.fail(closing(goodbye.reply));
  }

  /** Some servers say 421 of one recipient and go on: then nobody knows what else they took. A no is a no. */
  #afterGoodbye(reply: Reply, goodbye: Goodbye): void {
    if (reply.code < 400) throw wentOn();
    this.#out.answered();
    if (this.#out.due > 0 || this.#fault !== undefined) return;
    goodbye.unheeded(this.#runs);
    this.fail(closing(goodbye.reply));
  }

  /** A refusal before the final dot: the message can't be taken back but by dropping the connection. */
  #refusedEarly(run: Run, reply: Reply): void {
    run.content = 'held';
    run.owed = 0;
    this.#complete(run);
    this.fail(refusedEarly(reply));
  }

  #complete(run: Run): void {
    if (run.abandoned) {
      this.#runs.splice(this.#runs.indexOf(run), 1);
      if (run.content !== 'left') this.fail(dropped('a message on it was aborted'));
      return;
    }
    const { replies, contentFault } = run;
    run.contentFault = undefined;
    // the dialogue's next words shall not be taken for words of a step that is over
    run.step = run.step?.last === true ? run.step : undefined;
    if (contentFault === undefined) this.#advance(run, replies);
    else this.#throw(run, contentFault);
  }

  #settle(run: Run, outcome: Outcome<unknown>): void {
    const index = this.#runs.indexOf(run);
    if (index === -1) return;
    this.#runs.splice(index, 1);
    run.done(outcome.ok ? outcome : { ok: false, error: this.#secrets.outOf(outcome.error) });
  }

  /** The run hears of what ended it, as it is for this run: where it stood, and whether its message may be with the server. */
  #interrupt(run: Run, cause: PlainwireError): void {
    const { awaits } = run;
    const fault = withFacts(cause, {
      phase: awaits === undefined ? cause.phase : phaseOf(awaits),
      command: awaits === undefined ? cause.command : nameOf(awaits),
      mayHaveBeenDelivered: run.content === 'left',
    });
    let error: unknown = fault;
    try {
      run.dialogue.throw(new Interruption(fault, run.replies));
    } catch (thrown) {
      error = thrown instanceof Interruption ? thrown.fault : thrown;
    }
    run.done({ ok: false, error: this.#secrets.outOf(error) });
  }
}
