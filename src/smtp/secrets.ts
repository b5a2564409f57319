/** What a server repeats of a credential is in no error, for errors are logged: they quote it with asterisks. */
import { PlainwireError, type RecipientReply, type Reply, reworded } from '../errors.ts';
import { Echoes } from '../trace/echoes.ts';
import { type Command, PHASES, secretsOf } from './command.ts';

export class Secrets {
  #echoes: Echoes | undefined;

  /** Keeps what is secret in a command. */
  learn(command: Command, encoded: string): void {
    const { verb } = command;
    if (verb !== 'AUTH' && verb !== 'RESPONSE' && verb !== 'OTHER') return;
    const secrets = secretsOf(command, encoded);
    if (secrets.length === 0 && verb !== 'AUTH') return;
    this.#echoes ??= new Echoes();
    this.#echoes.learn({ phase: PHASES[verb], bytes: Buffer.from(encoded, 'latin1'), secrets }, verb);
  }

  /** The error, or where something secret is in it, one like it without. */
  outOf(error: PlainwireError): PlainwireError;
  outOf(error: unknown): unknown;
  outOf(error: unknown): unknown {
    const echoes = this.#echoes;
    if (echoes === undefined || echoes.isEmpty || !(error instanceof PlainwireError)) return error;
    const message = echoes.hidden(error.message);
    const reply = hiddenIn(error.reply, echoes);
    const cause = this.outOf(error.cause);
    const accepted = error.recipients?.accepted.map((each) => hiddenFor(each, echoes));
    const rejected = error.recipients?.rejected.map((each) => hiddenFor(each, echoes));
    const isSame =
      message === error.message &&
      reply === error.reply &&
      cause === error.cause &&
      (accepted?.every((each, at) => each === error.recipients?.accepted[at]) ?? true) &&
      (rejected?.every((each, at) => each === error.recipients?.rejected[at]) ?? true);
    if (isSame) return error;
    const recipients = accepted === undefined || rejected === undefined ? undefined : { accepted, rejected };
    return reworded(error, message, { cause, reply, recipients });
  }
}

function hiddenIn(reply: Reply | undefined, echoes: Echoes): Reply | undefined {
  if (reply === undefined) return undefined;
  const lines = reply.lines.map((line) => echoes.hidden(line));
  if (lines.every((line, at) => line === reply.lines[at])) return reply;
  return Object.freeze({ ...reply, lines: Object.freeze(lines) });
}

function hiddenFor(recipient: RecipientReply, echoes: Echoes): RecipientReply {
  const reply = hiddenIn(recipient.reply, echoes);
  return reply === recipient.reply ? recipient : { ...recipient, reply };
}
