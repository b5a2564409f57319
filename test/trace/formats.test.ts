/** The formats against the seed programs' own output, and what each makes of content, TLS, errors and several connections. */
import { describe, expect, test } from 'vitest';
import { arrows } from '../../src/trace/arrows.ts';
import type { Trace, TraceEvent } from '../../src/trace/event.ts';
import { type Format, formats } from '../../src/trace/formats.ts';
import { hex } from '../../src/trace/hex.ts';
import { jsonLines } from '../../src/trace/json.ts';
import { markdown } from '../../src/trace/markdown.ts';
import { textOf } from '../../src/trace/render.ts';
import { smtplib } from '../../src/trace/smtplib.ts';
import { swaks } from '../../src/trace/swaks.ts';
import type { TextOptions } from '../../src/trace/text.ts';
import { Dialogue, seedDialogue } from './dialogue.ts';

/** A transcript to be played again is neither folded nor explained. */
const { wire: _played, ...shownFormats } = formats;

function shown(format: Format, play: (trace: Trace) => unknown, options: TextOptions = {}): string {
  let text = '';
  play(
    format((more) => {
      text += more;
    }, options),
  );
  return text;
}

describe('arrows', () => {
  test('the first program (S3), with the greeting as a reply of its own', () => {
    expect(shown(arrows, seedDialogue)).toBe(`<-- [220 smtp.univ-angers.fr ESMTP Postfix]
--> [EHLO Gportpers3.ad.univ-angers.fr]
<-- [250-smtp.univ-angers.fr
250-PIPELINING
250-SIZE 20480000
250-VRFY
250-ETRN
250-ENHANCEDSTATUSCODES
250-8BITMIME
250 DSN]
--> [MAIL FROM:<serge.tahe@univ-angers.fr> SIZE=99]
<-- [250 2.1.0 Ok]
--> [RCPT TO:<serge.tahe@univ-angers.fr>]
<-- [250 2.1.5 Ok]
--> [DATA]
<-- [354 End data with <CR><LF>.<CR><LF>]
--> [From: serge.tahe@univ-angers.fr
To: serge.tahe@univ-angers.fr
Subject: test

ligne1
ligne2

ligne3
.
]
<-- [250 2.0.0 Ok: queued as D4977114358]
--> [QUIT]
<-- [221 2.0.0 Bye]
`);
  });

  test('says what TLS came to', () => {
    expect(shown(arrows, (trace) => new Dialogue(trace).open().tls())).toBe(
      '=== [TLSv1.3, TLS_AES_256_GCM_SHA384, certificate of CN=mail.example.com, verified]\n',
    );
    expect(
      shown(arrows, (trace) =>
        new Dialogue(trace).open().tls({ authorized: false, authorizationError: 'self-signed' }),
      ),
    ).toContain('NOT verified: self-signed]');
  });

  test('keeps two connections apart', () => {
    const text = shown(arrows, (trace) => {
      const one = new Dialogue(trace, { connection: 7, target: 'a.example:25' }).open();
      const two = new Dialogue(trace, { connection: 9, target: 'b.example:25' }).open();
      one.hear('220 a');
      two.hear('220 b');
      one.say('QUIT');
    });
    expect(text).toBe(
      '<-- [220 a]\n=== [connection 9: b.example:25]\n<-- [220 b]\n=== [connection 7: a.example:25]\n--> [QUIT]\n',
    );
  });

  test('an HTTP page: request, head, body in pieces as one', () => {
    const text = shown(arrows, (trace) => {
      new Dialogue(trace, { protocol: 'http' })
        .open()
        .request('GET / HTTP/1.0\r\nHost: a.example\r\n\r\n')
        .head('HTTP/1.0 200 OK\r\nContent-Length: 11\r\n\r\n')
        .body('Hello', ' there')
        .close('peer');
    });
    expect(text).toBe(
      '--> [GET / HTTP/1.0\nHost: a.example\n]\n<-- [HTTP/1.0 200 OK\nContent-Length: 11\n]\n<-- [Hello there]\n',
    );
  });
});

describe('content', () => {
  const message = Buffer.from(`${'x'.repeat(76)}\r\n`.repeat(200));
  const played = (trace: Trace) =>
    new Dialogue(trace).open().hear('220 a').content(message, '.\r\n').hear('250 ok').close();

  test('is folded beyond 4,096 bytes', () => {
    const text = shown(arrows, played);
    expect(text).toContain('… 11,507 more bytes]\n<-- [250 ok]');
    expect(text.length).toBeLessThan(4_300);
  });

  test('is whole where that is asked for', () => {
    const text = shown(arrows, played, { content: 'whole' });
    expect(text.split('x'.repeat(76)).length - 1).toBe(200);
    expect(text).not.toContain('more bytes');
  });

  test('shows as soon as its last dot was sent', () => {
    const text = shown(arrows, (trace) => new Dialogue(trace).content('a\r\n', '.', '\r\n'));
    expect(text).toBe('--> [a\n.\n]\n');
  });

  test('shows, as far as it went, when the connection closes', () => {
    expect(shown(arrows, (trace) => new Dialogue(trace).content('half').close('peer'))).toBe('--> [half]\n');
  });

  test.each(Object.entries(shownFormats))('%s folds it and says how much is left out', (name, format) => {
    const text = shown(format, played);
    expect(text).toMatch(name === 'json' ? /"more":11504/ : /… 11,507 more bytes/);
  });
});

describe('smtplib', () => {
  test('the second program (S4), to the letter', () => {
    expect(shown(smtplib, seedDialogue)).toBe(String.raw`reply: '220 smtp.univ-angers.fr ESMTP Postfix\r\n'
reply: retcode (220); Msg: smtp.univ-angers.fr ESMTP Postfix
send: 'ehlo Gportpers3.ad.univ-angers.fr\r\n'
reply: '250-smtp.univ-angers.fr\r\n'
reply: '250-PIPELINING\r\n'
reply: '250-SIZE 20480000\r\n'
reply: '250-VRFY\r\n'
reply: '250-ETRN\r\n'
reply: '250-ENHANCEDSTATUSCODES\r\n'
reply: '250-8BITMIME\r\n'
reply: '250 DSN\r\n'
reply: retcode (250); Msg: smtp.univ-angers.fr
PIPELINING
SIZE 20480000
VRFY
ETRN
ENHANCEDSTATUSCODES
8BITMIME
DSN
send: 'mail FROM:<serge.tahe@univ-angers.fr> size=99\r\n'
reply: '250 2.1.0 Ok\r\n'
reply: retcode (250); Msg: 2.1.0 Ok
send: 'rcpt TO:<serge.tahe@univ-angers.fr>\r\n'
reply: '250 2.1.5 Ok\r\n'
reply: retcode (250); Msg: 2.1.5 Ok
send: 'data\r\n'
reply: '354 End data with <CR><LF>.<CR><LF>\r\n'
reply: retcode (354); Msg: End data with <CR><LF>.<CR><LF>
data: (354, 'End data with <CR><LF>.<CR><LF>')
send: 'From: serge.tahe@univ-angers.fr\r\nTo: serge.tahe@univ-angers.fr\r\nSubject: test\r\n\r\nligne1\r\nligne2\r\n\r\nligne3\r\n.\r\n'
reply: '250 2.0.0 Ok: queued as D4977114358\r\n'
reply: retcode (250); Msg: 2.0.0 Ok: queued as D4977114358
data: (250, '2.0.0 Ok: queued as D4977114358')
send: 'quit\r\n'
reply: '221 2.0.0 Bye\r\n'
reply: retcode (221); Msg: 2.0.0 Bye
`);
  });

  test('quotes as Python 2 does', () => {
    const said = (content: string) => shown(smtplib, (trace) => new Dialogue(trace).content(content).close());
    expect(said("it's\ttab \\ é\u001b")).toBe(`${String.raw`send: "it's\ttab \\ \xc3\xa9\x1b"`}\n`);
    expect(said(`it's "both"`)).toBe(`${String.raw`send: 'it\'s "both"'`}\n`);
  });

  test('spells STARTTLS and AUTH in capitals, as smtplib does, and no parameter but SIZE in lower case', () => {
    const text = shown(smtplib, (trace) =>
      new Dialogue(trace)
        .say('STARTTLS')
        .say('AUTH PLAIN AGEAYg==', 'AGEAYg==')
        .say('MAIL FROM:<a@b.example> BODY=8BITMIME SIZE=12')
        .say('RSET')
        .close(),
    );
    expect(text).toBe(
      String.raw`send: 'STARTTLS\r\n'
send: 'AUTH PLAIN <secret, 8 bytes>\r\n'
send: 'mail FROM:<a@b.example> BODY=8BITMIME size=12\r\n'
send: 'rset\r\n'
`,
    );
  });
});

test('swaks: direction, TLS and refusal in the arrow', () => {
  const text = shown(swaks, (trace) =>
    new Dialogue(trace)
      .open()
      .hear('220 a')
      .say('STARTTLS')
      .hear('220 go')
      .tls()
      .say('RCPT TO:<a@b.example>')
      .hear('550-5.1.1 no', '550 5.1.1 such user')
      .say('RSET')
      .hear('250 ok')
      .fail('gone')
      .close('peer'),
  );
  expect(text).toBe(`=== Trying mail.example.com:25...
=== Connected to mail.example.com:25 (192.0.2.1:25).
<-  220 a
 -> STARTTLS
<-  220 go
=== TLS started with TLSv1.3, TLS_AES_256_GCM_SHA384.
=== TLS certificate of CN=mail.example.com, issued by CN=Example CA,
===     for DNS:mail.example.com, until 2027-01-01.
=== TLS certificate verified for mail.example.com.
 ~> RCPT TO:<a@b.example>
<~* 550-5.1.1 no
<~* 550 5.1.1 such user
 ~> RSET
<~  250 ok
*** CONNECTION_LOST: gone
=== Connection closed by the peer.
`);
});

test('jsonLines: an object a line, replies with their codes, bytes that are no text in base64', () => {
  const text = shown(jsonLines, (trace) =>
    new Dialogue(trace).open().hear('550 5.1.1 no').content(Uint8Array.of(0xff, 0x00)).fail('gone').close(),
  );
  const events = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map((event) => event.kind)).toEqual(['connecting', 'connected', 'received', 'sent', 'error', 'closed']);
  expect(events[2]).toMatchObject({ code: 550, enhanced: '5.1.1', text: '550 5.1.1 no\r\n', phase: 'greeting' });
  expect(events[3]).toMatchObject({ base64: '/wA=', phase: 'content' });
  expect(events[4]).toMatchObject({ error: { code: 'CONNECTION_LOST', message: 'gone' } });
});

test('hex: every byte, with offsets', () => {
  const text = shown(hex, (trace) => new Dialogue(trace).say('AUTH PLAIN AGEAYg==', 'AGEAYg=='));
  expect(text.split('\n').slice(1)).toEqual([
    '    00000000  41 55 54 48 20 50 4c 41  49 4e 20                 |AUTH PLAIN |',
    '    0000000b  <secret, 8 bytes>',
    '    00000013  0d 0a                                             |..|',
    '',
  ]);
});

test('markdown: a fenced transcript for each connection, which nothing in it can end', () => {
  const text = shown(markdown, (trace) =>
    new Dialogue(trace).open().hear('220 a').content('```\r\n# no\r\n.\r\n').close(),
  );
  expect(text).toBe(`### SMTP dialogue with mail.example.com:25

\`\`\`text
-- Connected to mail.example.com:25 (192.0.2.1:25).
S: 220 a
C: \`\`\`
C: # no
C: .
-- Connection closed.
\`\`\`

`);
});

test('what a peer sends cannot steer the terminal', () => {
  const evil = '220 \u001b]0;title\u0007\u009b2J\u202e\ra';
  for (const [name, format] of Object.entries(formats)) {
    const text = shown(format, (trace) => new Dialogue(trace).open().hear(evil).close());
    expect(text, name).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  }
});

test('the explanations stand under the lines', () => {
  const text = shown(swaks, (trace) => new Dialogue(trace).say('QUIT').hear('221 bye'), { explain: true });
  expect(text).toBe(` -> QUIT
      QUIT: Ends the session politely. [RFC 5321 section 4.1.1.10]
      Next: The server answers 221 and closes the connection.
<-  221 bye
      221: The server says goodbye. [RFC 5321 section 4.1.1.10]
      Next: It closes the connection.
`);
});

test.each(Object.entries(shownFormats))('%s explains where that is asked for', (_name, format) => {
  const text = shown(format, (trace) => new Dialogue(trace).open().say('QUIT').hear('221 bye').close(), {
    explain: true,
  });
  expect(text).toContain('Ends the session politely.');
  expect(text).toContain('RFC 5321 section 4.1.1.10');
});

test('parts are styled one by one', () => {
  const text = shown(arrows, (trace) => new Dialogue(trace).say('RCPT TO:<a>').hear('550 no'), {
    style: (part, piece) => `{${part} ${piece}}`,
  });
  expect(text).toBe('{sent --> [RCPT TO:<a>]}\n{refused <-- [550 no]}\n');
});

test('textOf() is what was said, decoded, secrets by their size', () => {
  const texts: string[] = [];
  const trace = (event: TraceEvent): void => {
    if (event.kind === 'sent' || event.kind === 'received') texts.push(textOf(event));
  };
  new Dialogue(trace)
    .say('AUTH PLAIN AGEAYg==', 'AGEAYg==')
    .hear('235 Grüß Gott')
    .body(Buffer.of(0x67, 0xfc, 0x6e));
  expect(texts).toEqual(['AUTH PLAIN <secret, 8 bytes>\r\n', '235 Grüß Gott\r\n', 'gün']);
});
