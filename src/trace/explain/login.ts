/**
 * A login, line by line: what each of its lines holds by the mechanism that was named, and, where a transcript shows
 * the lines themselves, what they say, without their secret parts.
 */
import { secretLabel } from '../render.ts';
import { decodedChallenge } from './auth.ts';
import { type Entry, type Explanation, explanation } from './entry.ts';

/** What the lines of a mechanism hold, in their order; the last of a side stands for all that follow. */
interface Lines {
  readonly client: readonly Entry[];
  readonly server: readonly Entry[];
}

const SCRAM: Lines = {
  client: [
    ['The first message: the user name and a random number (nonce).', 'RFC 5802 section 5'],
    ['The final message: both random numbers, and the proof that the client knows the password.', 'RFC 5802 section 5'],
    ['Nothing more: the client has checked the proof of the server.', 'RFC 4954 section 4'],
  ],
  server: [
    ['Both random numbers, the salt, and how often to hash the password.', 'RFC 5802 section 5'],
    ['The proof that the server knows the password too.', 'RFC 5802 section 5'],
  ],
};

const LINES: Readonly<Record<string, Lines>> = {
  PLAIN: {
    client: [['Whom to act for, the user name and the password, with a NUL byte between.', 'RFC 4616 section 2']],
    server: [['Empty: the server waits for the credentials.', 'RFC 4954 section 4']],
  },
  LOGIN: {
    client: [
      ['The user name.', 'draft-murchison-sasl-login-00'],
      ['The password.', 'draft-murchison-sasl-login-00'],
    ],
    server: [
      ['Asks for the user name.', 'draft-murchison-sasl-login-00'],
      ['Asks for the password.', 'draft-murchison-sasl-login-00'],
    ],
  },
  'CRAM-MD5': {
    client: [['The user name, and a digest of the challenge whose key is the password.', 'RFC 2195 section 2']],
    server: [['Something that was never sent before, for the client to digest.', 'RFC 2195 section 2']],
  },
  XOAUTH2: {
    client: [
      ['The user name and the access token.', 'Google, XOAUTH2 mechanism'],
      ['Empty: the client has read why the token was refused.', 'Google, XOAUTH2 mechanism'],
    ],
    server: [['Why the token was refused, as JSON.', 'Google, XOAUTH2 mechanism']],
  },
  OAUTHBEARER: {
    client: [
      ['Whom to act for, and the access token.', 'RFC 7628 section 3.1'],
      ['A byte that says: the client has read why the token was refused.', 'RFC 7628 section 3.2.3'],
    ],
    server: [['Why the token was refused, as JSON.', 'RFC 7628 section 3.2.2']],
  },
  ANONYMOUS: {
    client: [['A word on who it is, a mail address say; nobody checks it.', 'RFC 4505 section 2']],
    server: [['Empty: the server waits for it.', 'RFC 4954 section 4']],
  },
  EXTERNAL: {
    client: [['Whom to act for; = where that is who the certificate says.', 'RFC 4422 appendix A']],
    server: [['Empty: the server waits for the name.', 'RFC 4954 section 4']],
  },
};

const ANSWER: Entry = [
  'The answer to the challenge, in base64.',
  'RFC 4954 section 4',
  'The server answers 235, 334 or a refusal.',
];
const CANCEL: Entry = ['The client gives up the login.', 'RFC 4954 section 4', 'The server answers 501.'];
const CHALLENGE: Entry = ['The challenge, decoded.', 'RFC 4954 section 4'];

/** A part of a line, by name; a secret part is told by its size. */
type Field = readonly [name: string, value: string, secret?: 'secret'];

/** One login while it goes by. */
export class Login {
  readonly #mechanism: string;
  #answers = 0;
  #challenges = 0;

  constructor(mechanism: string) {
    this.#mechanism = mechanism.toUpperCase();
  }

  /** What the client says with AUTH itself, where it says anything; undefined text is a secret of a trace. */
  initial(text: string | undefined): Explanation[] {
    const entry = this.#entry('client', this.#answers++);
    if (entry === undefined) return [];
    return [explanation('first answer', entry, fieldsOf(this.#mechanism, 0, text))];
  }

  /** A line that answers a challenge. */
  answer(text: string | undefined): Explanation {
    if (text === '*') return explanation('answer', CANCEL);
    const step = this.#answers++;
    const entry = this.#entry('client', step);
    const [, , next = ''] = ANSWER;
    const whole: Entry = entry === undefined ? ANSWER : [entry[0], entry[1], next];
    return explanation('answer', whole, fieldsOf(this.#mechanism, step, text));
  }

  /** What stands behind a 334. */
  challenge(text: string | undefined): Explanation[] {
    const parts: Explanation[] = [];
    const entry = this.#entry('server', this.#challenges++);
    if (entry !== undefined) parts.push(explanation('challenge', entry));
    const decoded = text === undefined ? undefined : decodedChallenge(text);
    if (decoded !== undefined) parts.push(explanation(decoded, CHALLENGE));
    return parts;
  }

  #entry(side: keyof Lines, step: number): Entry | undefined {
    const mechanism = this.#mechanism.startsWith('SCRAM-') ? SCRAM : LINES[this.#mechanism];
    return mechanism?.[side][Math.min(step, mechanism[side].length - 1)];
  }
}

function fieldsOf(mechanism: string, step: number, text: string | undefined): Explanation[] {
  if (text === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return [];
  const decoded = Buffer.from(text, 'base64').toString('utf8');
  return fields(mechanism, step, decoded).map(([name, value, secret]) =>
    explanation(name, [
      secret === undefined ? value || '(empty)' : secretLabel(Buffer.byteLength(value)),
      'decoded from base64',
    ]),
  );
}

/** What is no secret of a line is shown; whatever is not known to be none, is one. */
function fields(mechanism: string, step: number, text: string): Field[] {
  switch (mechanism) {
    case 'PLAIN': {
      const [actFor = '', user = '', ...password] = text.split('\0');
      const secret: Field = ['password', password.join('\0'), 'secret'];
      return actFor === '' ? [['user name', user], secret] : [['acts for', actFor], ['user name', user], secret];
    }
    case 'LOGIN':
      return step === 0 ? [['user name', text]] : [['password', text, 'secret']];
    case 'CRAM-MD5': {
      const space = text.lastIndexOf(' ');
      return [
        ['user name', text.slice(0, Math.max(0, space))],
        ['digest', text.slice(space + 1), 'secret'],
      ];
    }
    case 'XOAUTH2':
    case 'OAUTHBEARER': {
      const user = /(?:^|[\x01,])(?:user|a)=([^\x01,]*)/.exec(text)?.[1];
      const token = /\x01auth=([^\x01]*)/.exec(text)?.[1];
      const found: Field[] = user === undefined ? [] : [['user name', user]];
      return token === undefined ? found : [...found, ['access token', token, 'secret']];
    }
    case 'EXTERNAL':
      return [['acts for', text]];
    case 'ANONYMOUS':
      return [['who it is', text]];
    default:
      return mechanism.startsWith('SCRAM-') ? scramFields(text) : [];
  }
}

const SCRAM_ATTRIBUTES: Readonly<Record<string, string>> = { n: 'user name', r: 'random numbers', a: 'acts for' };

function scramFields(text: string): Field[] {
  return text.split(',').flatMap((attribute): Field[] => {
    const value = attribute.slice(2);
    if (attribute.charAt(1) !== '=') return [];
    if (attribute.startsWith('p=')) return [['proof', value, 'secret']];
    const name = SCRAM_ATTRIBUTES[attribute.charAt(0)];
    return name === undefined ? [] : [[name, value]];
  });
}
