/** Explains what happens to a connection as a whole: that it is made, that it ends, and what went wrong with it. */
import type { PlainwireError } from '../../errors.ts';
import type { ClosedEvent, ConnectedEvent, ConnectingEvent, Protocol } from '../event.ts';
import { type Entry, type Explanation, explanation } from './entry.ts';

/** What a port says of what will be spoken on it. */
const PORTS: Readonly<Record<string, Entry>> = {
  25: ['Where mail servers take mail from each other.', 'RFC 5321 section 4.5.4.2'],
  80: ['Where web servers are, unencrypted.', 'RFC 9110 section 4.2.1'],
  443: ['Where web servers are, encrypted from the first byte on.', 'RFC 9110 section 4.2.2'],
  465: ['Where users hand in their mail, encrypted from the first byte on.', 'RFC 8314 section 3.3'],
  587: ['Where users hand in their mail, encrypted after STARTTLS.', 'RFC 6409 section 3.1'],
};

const LISTENS = 'Whoever listens there answers; if nobody does, the connection is refused, or the time runs out.';
const ASKS: Entry = ['The client asks for a connection: TCP sends a SYN.', 'RFC 9293 section 3.5', LISTENS];
const ASKS_HERE: Entry = [
  'The client asks a program on the same machine for a connection.',
  'POSIX connect()',
  LISTENS,
];

/** Who speaks first. */
const FIRST: Readonly<Record<Protocol, string | undefined>> = {
  smtp: 'The server speaks first: it greets with 220.',
  lmtp: 'The server speaks first: it greets with 220.',
  http: 'The client speaks first: it sends its request.',
  raw: undefined,
};

const TLS_FIRST = 'Before anything is said, TLS is agreed on.';

export function explainConnecting({ target }: ConnectingEvent): Explanation {
  if (target.includes('/')) return explanation('connect', ASKS_HERE);
  const port = portOf(target);
  const known = Object.hasOwn(PORTS, port) ? PORTS[port] : undefined;
  return explanation('connect', ASKS, known === undefined ? [] : [explanation(`port ${port}`, known)]);
}

export function explainConnected({ target, protocol }: ConnectedEvent): Explanation {
  if (target.includes('/')) {
    return { ...explanation('connected', ['The connection stands.', 'POSIX connect()']), next: FIRST[protocol] };
  }
  const stands: Entry = [
    'The connection stands, in both directions. Until here it took one round trip, and perhaps the look-up of a name.',
    'RFC 9293 section 3.5',
  ];
  const tls = /^(?:443|465)$/.test(portOf(target));
  return { ...explanation('connected', stands), next: tls ? TLS_FIRST : FIRST[protocol] };
}

function portOf(target: string): string {
  return /:(\d+)$/.exec(target)?.[1] ?? '';
}

const CLOSED_BY_US: Entry = ['The client closes the connection: it has nothing more to say.', 'RFC 9293 section 3.6'];
const CLOSED_BY_PEER: Readonly<Record<Protocol, Entry>> = {
  smtp: [
    'The server closes the connection. It should do so only after QUIT, or with a 421.',
    'RFC 5321 section 3.8',
    'Whatever was under way counts as refused for now, as with 451.',
  ],
  lmtp: ['The server closes the connection. It should do so only after QUIT, or with a 421.', 'RFC 5321 section 3.8'],
  http: [
    'The server closes the connection: in HTTP/1.0 that is how a body of no told length ends.',
    'RFC 1945 section 7.2.2',
  ],
  raw: ['The other side closes the connection: it has nothing more to say.', 'RFC 9293 section 3.6'],
};

/** `over` says that the goodbye was said: then the close is what was to come. */
export function explainClosed({ by, protocol }: ClosedEvent, over: boolean): Explanation {
  if (by === 'us') return explanation('close', CLOSED_BY_US);
  if (over)
    return explanation('close', [
      'The server closes the connection, as it said it would.',
      'RFC 5321 section 4.1.1.10',
    ]);
  return explanation('close', CLOSED_BY_PEER[protocol]);
}

/** What went wrong, by the code of the error. */
const FAULTS: Readonly<Record<string, Entry>> = {
  NAME_NOT_FOUND: ['The name has no address: it is misspelt, or its DNS does not answer.', 'RFC 2308 section 2.1'],
  CONNECT_FAILED: ['No connection came about: nobody listens there, or nothing answered.', 'RFC 9293 section 3.5'],
  CONNECTION_LOST: ['The connection broke: the other side reset it, or the network failed.', 'RFC 9293 section 3.5.3'],
  CONNECTION_CLOSED: ['The other side closed the connection before it was done.', 'RFC 9293 section 3.6'],
  PROXY_FAILED: ['The proxy did not get through, or would not.', 'RFC 9110 section 9.3.6'],
  ADDRESS_REFUSED: ['The name leads to an address that was not to be connected to.', 'docs/errors.md'],
  ABORTED: ['The program gave up by itself.', 'docs/errors.md'],
  LIMIT_EXCEEDED: ['More came than anybody needs for this: it was read no further.', 'RFC 5321 section 4.5.3.1'],
  UNEXPECTED_UPGRADE: ['The server goes over to another protocol, which nobody asked for.', 'RFC 9110 section 15.2.2'],
  TLS_FAILED: ['Both sides found no way to encrypt, or one of them does not speak TLS here.', 'RFC 9846 section 6'],
  CERTIFICATE_REFUSED: [
    'The certificate does not prove that this is the right server, so nothing secret was said to it.',
    'RFC 9525 section 6',
  ],
  DEADLINE_PASSED: ['The other side took longer than it may.', 'RFC 5321 section 4.5.3.2'],
  BAD_REPLY: ['What came is no reply: three digits, and a space or a hyphen.', 'RFC 5321 section 4.2'],
  UNEXPECTED_REPLY: [
    'A reply came that nobody had asked for, or of a kind that cannot answer this.',
    'RFC 5321 section 4.3.2',
  ],
  BYTES_BEFORE_TLS: [
    'Bytes came in clear behind the agreement to STARTTLS. Somebody may have put them there, to be taken for encrypted ones.',
    'RFC 3207 section 4.2',
  ],
  NOT_HTTP: ['What came is no response of HTTP.', 'RFC 9112 section 4'],
  BAD_STATUS_LINE: ['The first line of the response is no status line.', 'RFC 9112 section 4'],
  BAD_HEADER: ['A line of the head is no header field.', 'RFC 9112 section 5'],
  CONTROL_IN_HEAD: ['The head holds a control character.', 'RFC 9110 section 5.5'],
  BAD_CONTENT_LENGTH: ['Content-Length is no number: where the body ends is not known.', 'RFC 9112 section 6.3'],
  CONFLICTING_CONTENT_LENGTH: ['Two lengths are told: where the body ends is not known.', 'RFC 9112 section 6.3'],
  UNKNOWN_TRANSFER_CODING: ['The body comes in a coding that nobody asked for.', 'RFC 9112 section 6.1'],
  BAD_CHUNK: ['A chunk of the body does not begin with its size, or end where that says.', 'RFC 9112 section 7.1'],
  SHORT_HEAD: ['The connection ended in the middle of the head.', 'RFC 9112 section 8'],
  SHORT_BODY: ['The connection ended before the body was whole.', 'RFC 9112 section 8'],
  EMPTY_RESPONSE: ['The connection ended before anything came.', 'RFC 9112 section 8'],
};
const FAULT_OF_PROTOCOL: Partial<Record<Protocol, Readonly<Record<string, Entry>>>> = {
  http: {
    DEADLINE_PASSED: ['The other side took longer than was to be waited for.', 'RFC 9112 section 9.5'],
    LIMIT_EXCEEDED: ['More came than was to be taken: it was read no further.', 'RFC 9110 section 17.5'],
  },
};

export function explainError(error: PlainwireError, protocol: Protocol): Explanation | undefined {
  const { code, retryable, mayHaveBeenDelivered } = error;
  const known = FAULT_OF_PROTOCOL[protocol]?.[code] ?? (Object.hasOwn(FAULTS, code) ? FAULTS[code] : undefined);
  if (known === undefined) return undefined;
  const next = mayHaveBeenDelivered
    ? 'The message was sent whole, and nobody knows whether it was taken: sent again, it may come twice.'
    : retryable
      ? 'The same may work later.'
      : undefined;
  return { ...explanation(code, known), next };
}
