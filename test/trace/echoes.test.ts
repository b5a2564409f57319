/** A server that repeats what was secret: no trace shows it, in no form, however it is cut. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlainwireError } from '../../src/errors.ts';
import type { TraceEvent } from '../../src/trace/event.ts';
import { formats } from '../../src/trace/formats.ts';
import { Picture } from '../../src/trace/picture/index.ts';
import { Dialogue } from './dialogue.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** All that a dialogue leaves behind: in every format, in pictures, and the events themselves. */
function everything(play: (dialogue: Dialogue) => unknown, protocol: 'smtp' | 'http' = 'smtp'): Map<string, string> {
  const shown = new Map<string, string>();
  const picture = new Picture();
  const events: TraceEvent[] = [];
  const traces = Object.entries(formats).map(([name, format]) =>
    format((text) => shown.set(name, (shown.get(name) ?? '') + text), { content: 'whole', explain: true }),
  );
  const dialogue = new Dialogue(
    (event) => {
      for (const trace of [...traces, picture.trace]) trace(event);
      events.push(event);
    },
    { protocol },
  );
  play(dialogue);
  dialogue.close();
  shown.set('page', picture.html()).set('svg', picture.svg());
  const bytes = events.map((event) => ('bytes' in event ? Buffer.from(event.bytes).toString() : '')).join('');
  const replies = events.map((event) => ('reply' in event ? event.reply?.lines.join('\n') : '')).join('\n');
  return shown.set('bytes', bytes).set('replies', replies);
}

function expectNone(shown: Map<string, string>, ...secrets: readonly string[]): void {
  for (const [name, text] of shown) {
    for (const secret of secrets) expect(text.includes(secret), `${name} shows ${secret}`).toBe(false);
  }
}

const password = fc.string({ unit: 'grapheme', minLength: 12, maxLength: 30 }).filter((text) => !/[\r\n\0]/.test(text));

describe('a reply that repeats', () => {
  test('the refused line, the password in it, or how that line begins', () => {
    fc.assert(
      fc.property(password, fc.nat(), (secret, cut) => {
        const plain = base64(`\0ada\0${secret}`);
        const begun = plain.slice(0, 16 + (cut % (plain.length - 16)));
        const shown = everything((dialogue) =>
          dialogue
            .open()
            .hear('220 a')
            .say(`AUTH PLAIN ${plain}`, plain)
            .hear(`535-5.7.8 what is AUTH PLAIN ${plain}?`, `535-5.7.8 I know no ${secret}`, `535 5.7.8 ${begun}...`),
        );
        expectNone(shown, plain, secret, plain.slice(0, 16));
        expect(shown.get('arrows')).toContain(`what is AUTH PLAIN <secret, ${plain.length} bytes>?`);
      }),
      { numRuns: 40 },
    );
  });

  test('the answers of LOGIN; but a user name in clear is no secret', () => {
    const shown = everything((dialogue) =>
      dialogue
        .open()
        .say('AUTH LOGIN')
        .challenge('334', 'VXNlcm5hbWU6')
        .answer(base64('ada@example.com'))
        .challenge('334', 'UGFzc3dvcmQ6')
        .answer(base64('correct horse'))
        .hear(`535 5.7.8 ada@example.com said ${base64('correct horse')}, which is correct horse`),
    );
    expectNone(shown, base64('correct horse'), 'correct horse', base64('ada@example.com'));
    expect(shown.get('swaks')).toContain('ada@example.com said <secret, 20 bytes>, which is <secret, 13 bytes>');
  });

  test('a token of XOAUTH2', () => {
    const initial = base64('user=ada@example.com\x01auth=Bearer ya29.token\x01\x01');
    const shown = everything((dialogue) =>
      dialogue.open().say(`AUTH XOAUTH2 ${initial}`, initial).hear('535 5.7.8 ya29.token has expired'),
    );
    expectNone(shown, initial, 'ya29.token');
  });

  test('a short password: where it stands alone, and not in the middle of a word', () => {
    const plain = base64('\0ada\0pass');
    const shown = everything((dialogue) =>
      dialogue.open().say(`AUTH PLAIN ${plain}`, plain).hear('535 5.7.8 "pass" has not passed'),
    );
    expect(shown.get('arrows')).toContain('"<secret, 4 bytes>" has not passed');
  });
});

test('a challenge is secret in the reply of the event, too', () => {
  const shown = everything((dialogue) =>
    dialogue.open().say('AUTH CRAM-MD5').challenge('334', base64('<1896.697170952@example.com>')),
  );
  expectNone(shown, base64('<1896.697170952@example.com>'));
});

test('an error that quotes what the server said', () => {
  const plain = base64('\0ada\0correct horse');
  const shown = everything((dialogue) => {
    dialogue.open().say(`AUTH PLAIN ${plain}`, plain);
    const reply = { code: 535, enhanced: undefined, lines: [plain] };
    dialogue.tracer.error(new PlainwireError('AUTH_REFUSED', `no reply: "what? ${plain.slice(0, 20)}..."`, { reply }));
  });
  expectNone(shown, plain, plain.slice(0, 20));
  expect(shown.get('swaks')).toContain('*** AUTH_REFUSED: no reply: "what? ********************..."');
});

describe('a page that repeats the request', () => {
  test('in a body of many pieces, cut anywhere', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(password, sizes, (secret, cuts) => {
        const basic = base64(`ada:${secret}`);
        const body = Buffer.from(`You said Basic ${basic}, ada with ${secret}, ${basic.slice(0, 3)}`);
        const pieces: Buffer[] = [];
        for (let at = 0, next = 0; at < body.length; next += 1) {
          const end = at + (cuts[next % cuts.length] ?? 1);
          pieces.push(body.subarray(at, end));
          at = end;
        }
        const shown = everything(
          (dialogue) =>
            dialogue
              .open()
              .bytes(`GET / HTTP/1.0\r\nAuthorization: Basic ${basic}\r\n`, 'head', 'GET', basic)
              .head('HTTP/1.0 200 OK\r\n\r\n')
              .body(...pieces),
          'http',
        );
        expectNone(shown, basic, secret);
        expect(shown.get('bytes')?.endsWith(basic.slice(0, 3)), 'nothing is lost').toBe(true);
        expect(shown.get('markdown')).toContain(`You said Basic <secret, ${basic.length} bytes>, ada with`);
      }),
      {
        numRuns: 60,
        examples: [
          [' \u{10000} \u0800\u{10000}\u0800\u0800\u{10000}\u{10000}\u{10000}\u0800\u0800\u{10000}\u2b98', [1]],
        ],
      },
    );
  });

  test('a cookie, and a token', () => {
    const shown = everything(
      (dialogue) =>
        dialogue
          .open()
          .bytes('GET / HTTP/1.0\r\nCookie: sid=c00kie-of-mine; b=2', 'head', 'GET', 'sid=c00kie-of-mine; b=2')
          .head('HTTP/1.0 200 OK\r\nX-Session: c00kie-of-mine\r\n\r\n'),
      'http',
    );
    expectNone(shown, 'c00kie-of-mine');
  });
});
