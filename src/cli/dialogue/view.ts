/** Which protocol is being spoken: told by the first line of either side, unless the person said. */
import type { Protocol } from '../../trace/index.ts';
import { HttpView } from './http-view.ts';
import { type Pace, SmtpView } from './smtp-view.ts';
import { type Heard, type Hint, NO_SECRETS, type Said } from './speech.ts';

export type Spoken = 'smtp' | 'http' | 'raw';

export const SPOKEN: readonly Spoken[] = ['smtp', 'http', 'raw'];

const SMTP_COMMAND = /^(?:EHLO|HELO|LHLO|NOOP|QUIT|RSET|HELP|VRFY|STARTTLS|MAIL FROM:.*)(?: |$)/i;
const SMTP_GREETING = /^(?:220|554|421)[ -]/;
const HTTP_REQUEST = /^[A-Z]+ \S+ HTTP\/\d\.\d$|^(?:GET|HEAD) \/\S*$/;

export class View {
  #view: SmtpView | HttpView | undefined;
  #fixed: boolean;
  #lastSaid: Said = { ...PLAIN, verb: undefined, secrets: NO_SECRETS };
  /** What was said last ended in a secret, so that what goes on with it is secret too. */
  #endedInSecret = false;
  #lastHeard: Heard = { ...PLAIN, reply: false, secrets: NO_SECRETS };

  constructor(spoken: Spoken | undefined) {
    this.#fixed = spoken !== undefined;
    if (spoken === 'smtp') this.#view = new SmtpView();
    if (spoken === 'http') this.#view = new HttpView();
  }

  get protocol(): Protocol {
    return this.#view?.protocol ?? 'raw';
  }

  get smtp(): SmtpView | undefined {
    return this.#view instanceof SmtpView ? this.#view : undefined;
  }

  get http(): HttpView | undefined {
    return this.#view instanceof HttpView ? this.#view : undefined;
  }

  /** The client is about to say a line: the first that is of a protocol tells it, before it is said. */
  recognise(line: string): void {
    if (this.#fixed) return;
    if (SMTP_COMMAND.test(line)) this.#view = new SmtpView();
    else if (HTTP_REQUEST.test(line)) this.#view = new HttpView();
    this.#fixed = this.#view !== undefined;
  }

  maySay(pace: Pace): boolean {
    return this.smtp?.maySay(pace) ?? true;
  }

  said(line: string): Said {
    this.recognise(line);
    const said = this.#view?.said(line) ?? { ...PLAIN, verb: undefined, secrets: NO_SECRETS };
    this.#lastSaid = said;
    this.#endedInSecret = said.secrets.some(({ end }) => end >= Buffer.byteLength(line));
    return said;
  }

  /** The client goes on with a line that was too long to be waited for: it is no command of its own. */
  saidOn(bytes: number): Said {
    const secrets = this.#endedInSecret ? [{ start: 0, end: bytes }] : NO_SECRETS;
    return { ...this.#lastSaid, verb: undefined, secrets, explanation: undefined };
  }

  heard(line: string): Heard {
    if (!this.#fixed) {
      this.#fixed = true;
      if (SMTP_GREETING.test(line)) this.#view = new SmtpView();
    }
    this.#lastHeard = this.#view?.heard(line) ?? { ...PLAIN, reply: false, secrets: NO_SECRETS };
    return this.#lastHeard;
  }

  /** The server goes on with such a line: it is no reply of its own. */
  heardOn(bytes: number): Heard {
    const secrets = this.#lastHeard.secrets.length > 0 ? [{ start: 0, end: bytes }] : NO_SECRETS;
    return { ...this.#lastHeard, reply: false, secrets, explanation: undefined };
  }

  hints(host: string, own: string): Hint[] {
    if (this.smtp !== undefined) return this.smtp.hints(own);
    if (this.http !== undefined) return this.http.hints(host);
    return this.#fixed ? [] : new HttpView().hints(host);
  }
}

/** A line of a protocol that is not known. */
const PLAIN = { phase: 'line', more: false, explanation: undefined } as const;
