/** Servers whose replies break the rules, in every place of a dialogue: an error at once, and nothing reported as sent. */
import { describe, expect, it } from 'vitest';
import { ReplyError } from '../../src/errors.ts';
import { REPLY_BYTES_LIMIT, REPLY_LINE_LIMIT, REPLY_LINES_LIMIT } from '../../src/smtp/reply-parser.ts';
import type { Transcript, TranscriptStep } from '../../src/trace/transcript.ts';
import { type Chunking, replay } from '../../src/transport/index.ts';
import { accountOf } from '../support/account.ts';
import { CHUNKINGS } from '../support/chunks.ts';
import { raw, session } from '../support/dialogue.ts';
import { PLAYS, type Play } from './transcripts.ts';
import type { Ended } from './verdict.ts';

const NAMES = ['lock-step', 'helo', 'starttls', 'auth-login', 'recipients', 'require-all', 'chunking', 'lmtp'];
const CHOSEN = PLAYS.filter(({ name }) => NAMES.includes(name));
/** A line that no client says: the server waits for it, and does nothing by itself. */
const WAIT: TranscriptStep = { from: 'client', line: '(nothing more)' };

/** One reply of the server within a transcript. */
interface Place {
  readonly first: number;
  readonly last: number;
  readonly code: string;
  readonly phase: string;
  readonly message: number | undefined;
  /** Whether the message has left when this reply comes. */
  readonly afterContent: boolean;
}

function placesOf(transcript: Transcript): readonly Place[] {
  const account = accountOf(transcript);
  const owed = account.flatMap((said) => said.heard.map(() => said));
  const places: Place[] = [];
  let first: number | undefined;
  for (const [index, step] of transcript.entries()) {
    if (step.from !== 'server' || 'action' in step) continue;
    first ??= index;
    const text = Buffer.from(step.bytes).toString('latin1');
    if (text[3] === '-') continue;
    const said = owed[places.length];
    if (said === undefined) throw new TypeError('a reply that answers nothing');
    const { phase, message } = said;
    const afterContent = account.some((each) => each.isContent && each.message === message && each.at <= said.at);
    places.push({ first, last: index, code: text.slice(0, 3), phase, message, afterContent });
    first = undefined;
  }
  return places;
}

function serverSays(text: string): TranscriptStep {
  return { from: 'server', bytes: Buffer.from(text, 'latin1') };
}

/** The dialogue up to a place, another reply there, and then nothing. */
function replaced({ transcript }: Play, { first }: Place, text: string): Transcript {
  return [...transcript.slice(0, first), serverSays(text), WAIT];
}

/** The dialogue with more in the very write of one reply. */
function followed({ transcript }: Play, { last }: Place, more: string): Transcript {
  const step = transcript[last];
  const text = step !== undefined && 'bytes' in step ? Buffer.from(step.bytes).toString('latin1') : '';
  return [...transcript.slice(0, last), serverSays(text + more), ...transcript.slice(last + 1)];
}

async function run(play: Play, steps: Transcript, chunking: Chunking): Promise<Ended> {
  const connection = replay(steps, { chunking });
  // a client that is out of step is not answered any more
  connection.played.catch(() => connection.destroy());
  const ended = await session(connection, { ...play.options, timeouts: 60_000 }, play.jobs('in memory'));
  await connection.closed;
  return ended;
}

/** What the message of this place, or the opening, failed with. */
function failureAt(ended: Ended, { message }: Place): unknown {
  return message === undefined ? ended.opened : ended.outcomes[message]?.error;
}

const MALFORMED: readonly [what: string, reply: (code: string) => string][] = [
  ['mixed codes', (code) => `${code}-a\r\n${code === '250' ? 251 : 250} b\r\n`],
  ['a code that becomes another', (code) => `${code}-a\r\n551 b\r\n`],
  ['four digits', (code) => `${code}0 ok\r\n`],
  ['two digits', (code) => `${code.slice(0, 2)}\r\n`],
  ['an underscore', (code) => `${code}_x\r\n`],
  ['a tab', (code) => `${code}\tok\r\n`],
  ['no separator', (code) => `${code}ok\r\n`],
  ['1yz', () => '150 wait\r\n'],
  ['0yz', () => '050 ok\r\n'],
  ['6yz', () => '650 ok\r\n'],
  ['an empty line', () => '\r\n'],
  ['a space before', (code) => ` ${code} ok\r\n`],
  ['a minus before', (code) => `-${code} ok\r\n`],
  ['words', () => 'ok\r\n'],
  ['another protocol', () => 'HTTP/1.1 400 Bad Request\r\n'],
  ['bytes without lines', () => '\x16\x03\x01\x02'],
  ['digits of another script', () => '\xd9\xa2\xd9\xa5\xd9\xa0 ok\r\n'],
  ['a NUL', (code) => `${code} a\0b\r\n`],
  ['a NUL for the code', () => '\0\0\0 ok\r\n'],
  ['a bare CR', (code) => `${code} a\rb\r\n`],
  ['a bare CR as a line end', (code) => `${code} a\r${code} b\r\n`],
  ['CR CR LF', (code) => `${code} a\r\r\n`],
  ['a good line and rubbish', (code) => `${code}-a\r\nrubbish\r\n`],
];

const TOO_MUCH: readonly [what: string, reply: (code: string) => string][] = [
  ['a line without an end', (code) => `${code} ${'x'.repeat(REPLY_LINE_LIMIT)}`],
  ['a long line', (code) => `${code} ${'x'.repeat(REPLY_LINE_LIMIT)}\r\n`],
  ['a flood of lines', (code) => `${code}-\r\n`.repeat(REPLY_LINES_LIMIT + 1)],
  ['a flood of bytes', (code) => `${code}-${'x'.repeat(4000)}\r\n`.repeat(REPLY_BYTES_LIMIT / 4000 + 1)],
];

/** A reply that is well-formed, and answers something else. */
function illegalAt({ phase }: Place): readonly string[] {
  const wrong = ['200', '211', '214', '220', '221', '235', '250', '251', '334', '354', '399'];
  const legal: Readonly<Record<string, readonly string[]>> = {
    greeting: ['220'],
    starttls: ['220'],
    auth: ['235', '334'],
    rcpt: ['250', '251', '252'],
    data: ['354'],
    // any 2yz says that the server has the message
    content: ['200', '211', '214', '220', '221', '235', '250', '251'],
    rset: ['200', '211', '214', '220', '221', '235', '250', '251'],
    quit: ['200', '211', '214', '220', '221', '235', '250', '251'],
  };
  return wrong.filter((code) => !(legal[phase] ?? ['250']).includes(code));
}

async function expectBroken(play: Play, place: Place, text: string, code: string, chunking: Chunking): Promise<void> {
  const where = `${play.name}, ${place.phase}: ${JSON.stringify(text.slice(0, 40))}, ${chunking}`;
  const ended = await run(play, replaced(play, place, text), chunking);
  // the message was refused already, or had its answer
  if (place.phase === 'quit') {
    expect(ended.opened, where).toBeUndefined();
    return;
  }
  if (place.phase === 'rset' && play.name === 'require-all') {
    expect(failureAt(ended, place), where).toMatchObject({ code: 'RECIPIENTS_REFUSED', reply: { code: 550 } });
    return;
  }
  expect(failureAt(ended, place), where).toMatchObject({
    name: 'ProtocolError',
    code,
    phase: place.phase,
    mayHaveBeenDelivered: place.afterContent,
    retryable: false,
  });
}

describe.each(CHOSEN)('$name', (play) => {
  const places = placesOf(play.transcript);

  it.each(MALFORMED)('%s', async (_, reply) => {
    for (const place of places)
      for (const chunking of ['whole', 'bytes'] as const)
        await expectBroken(play, place, reply(place.code), 'BAD_REPLY', chunking);
  });

  it.each(TOO_MUCH)('%s', async (_, reply) => {
    // limits are kept in one place: it is enough to see them in each phase once by line
    const chunkings =
      play.name === 'starttls' || play.name === 'lmtp' ? (['whole', 'lines'] as const) : (['whole'] as const);
    for (const place of places)
      for (const chunking of chunkings) await expectBroken(play, place, reply(place.code), 'LIMIT_EXCEEDED', chunking);
  });

  it('a reply to something else', async () => {
    for (const place of places) {
      for (const code of illegalAt(place))
        await expectBroken(play, place, `${code} that\r\n`, 'UNEXPECTED_REPLY', 'whole');
    }
  });

  it('421, whatever was asked', async () => {
    for (const place of places) {
      const steps: Transcript = [
        ...replaced(play, place, '421 4.3.2 going down\r\n').slice(0, -1),
        { from: 'server', action: 'close' },
      ];
      const ended = await run(play, steps, 'whole');
      if (place.phase === 'quit') continue;
      const error = failureAt(ended, place);
      // LMTP's second recipient: the first has the message
      if (error === undefined) {
        expect(ended.outcomes[0]?.delivery?.rejected.at(-1)?.reply?.code).toBe(421);
        continue;
      }
      if (place.phase === 'rset' && play.name === 'require-all') {
        expect(error).toMatchObject({ code: 'RECIPIENTS_REFUSED', reply: { code: 550 } });
        continue;
      }
      expect(error, place.phase).toMatchObject({ reply: { code: 421 } });
      // a no to the content is a no, and what was said behind it is not heeded; only with LMTP a part of it may be taken
      const inDoubt = place.afterContent && place.phase === 'content' && !(error instanceof ReplyError);
      expect(error, place.phase).toMatchObject({ retryable: !inDoubt, mayHaveBeenDelivered: inDoubt });
    }
  });
});

describe('a reply too many', () => {
  it.each([
    ['lock-step', 'S: 250 HELP', 'C~ ^MAIL\nS- 250 a\\r\\n250 stray\\r\\n250 stray\\r\\n\nC~ ^RCPT\nS: 550 no'],
    [
      'PIPELINING',
      'S: 250 PIPELINING',
      'C~ ^MAIL\nC~ ^RCPT\nC: DATA\nS- 250 a\\r\\n250 stray\\r\\n250 stray\\r\\n550 no\\r\\n554 no\\r\\n',
    ],
    [
      'CHUNKING',
      'S: 250-PIPELINING\nS: 250 CHUNKING',
      'C~ ^MAIL\nC~ ^RCPT\nC~ ^BDAT\nS- 250 a\\r\\n250 stray\\r\\n250 stray\\r\\n550 no\\r\\n554 no\\r\\n',
    ],
  ])('two stray 250 after MAIL, then a 550, %s: not sent', async (_, offer, rest) => {
    const connection = replay(`S: 220 mx\nC~ ^EHLO\nS: 250-mx\n${offer}\n${rest}\nC: (nothing more)`);
    const ended = await session(connection, { timeouts: 60_000 }, [{ message: raw('a: b\r\n\r\nc\r\n') }]);
    expect(ended.outcomes).toHaveLength(1);
    expect(ended.outcomes[0]?.error).toMatchObject({ name: 'ProtocolError', code: 'UNEXPECTED_REPLY' });
    await connection.closed;
  });

  it('a stray refusal among the replies to a BDAT: the message may have been taken', async () => {
    const replies = '250 a\\r\\n450 stray\\r\\n250 b\\r\\n250 taken\\r\\n';
    const offer = 'S: 220 mx\nC~ ^EHLO\nS: 250-mx\nS: 250-PIPELINING\nS: 250 CHUNKING';
    const connection = replay(`${offer}\nC~ ^MAIL\nC~ ^RCPT\nC~ ^BDAT\nS- ${replies}\nC: (nothing more)`);
    const ended = await session(connection, { timeouts: 60_000 }, [{ message: raw('a: b\r\n\r\nc\r\n') }]);
    expect(ended.outcomes[0]?.error).toMatchObject({
      name: 'ProtocolError',
      code: 'UNEXPECTED_REPLY',
      mayHaveBeenDelivered: true,
      retryable: false,
    });
  });

  it('a whole dialogue with bare LF for line ends, and 8-bit words, is understood', async () => {
    for (const play of CHOSEN) {
      const steps = play.transcript.map((step) => {
        if (!('bytes' in step)) return step;
        const text = Buffer.from(step.bytes).toString('latin1');
        // an offer must stay what it is
        return serverSays(text.replace(/\r\n$/, /^\d{3}[- ][A-Z]/.test(text) ? '\n' : '\xe9\n'));
      });
      const ended = await run(play, steps, 'whole');
      const sent = ended.outcomes.map((outcome) => outcome?.delivery !== undefined);
      expect(sent, play.name).toEqual(play.outcomes.map((outcome) => 'accepted' in outcome));
    }
  });

  const lockStep = CHOSEN.filter(({ name }) => ['lock-step', 'helo', 'starttls', 'auth-login'].includes(name));
  const STRAY = ['250 a\r\n', '250 a\r\n250 b\r\n', '550 a\r\n', '354 a\r\n', '220 a\r\n', '250-a\r\n', '2'];

  describe.each(CHUNKINGS)('%s', (chunking) => {
    it.each(lockStep)('in $name: never reported as sent', async (play) => {
      for (const place of placesOf(play.transcript)) {
        if (place.phase === 'content' || place.phase === 'quit') continue;
        for (const stray of STRAY) {
          // what comes by itself when the next words have left answers those, for all that can be known
          if (chunking !== 'whole' && (stray === '250-a\r\n' || (place.phase === 'data' && stray.startsWith('2'))))
            continue;
          const ended = await run(play, followed(play, place, stray), chunking);
          const sent = ended.outcomes[place.message ?? 0]?.delivery;
          expect(sent, `${place.phase}, ${JSON.stringify(stray)}`).toBeUndefined();
        }
      }
    });
  });

  it('behind the last reply to a message: that one was sent, the session is over', async () => {
    const [play] = lockStep;
    if (play === undefined) throw new TypeError('no transcript');
    const place = placesOf(play.transcript).find(({ phase }) => phase === 'content');
    if (place === undefined) throw new TypeError('no content');
    for (const stray of STRAY) {
      const ended = await run(play, followed(play, place, stray), 'whole');
      expect(ended.outcomes[0]?.delivery, stray).toBeDefined();
      expect(ended.outcomes[1]?.delivery, stray).toBeUndefined();
    }
  });
});
