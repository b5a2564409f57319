/** A trace saved as a transcript, and played again. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventsOf } from '../../src/trace/recording.ts';
import { parseTranscript } from '../../src/trace/transcript.ts';
import { wire } from '../../src/trace/wire.ts';
import { Dialogue, seedDialogue } from './dialogue.ts';

function saved(play: (dialogue: Dialogue) => unknown): string {
  let text = '';
  play(
    new Dialogue(
      wire((more) => (text += more)),
      { target: 'a.example:25' },
    ),
  );
  return untimed(text);
}

/** Times differ from run to run. */
function untimed(text: string): string {
  return text.replace(/^# \d+\.\d\d ms\n/gm, '');
}

test('reads like the dialogue, with secrets as patterns', () => {
  const text = saved((dialogue) =>
    dialogue
      .open()
      .hear('220 a')
      .say('EHLO b')
      .hear('250-a', '250 STARTTLS')
      .say('STARTTLS')
      .hear('220 go')
      .tls()
      .say('AUTH PLAIN AGEAYg==', 'AGEAYg==')
      .hear('235 ok')
      .say('AUTH LOGIN')
      .answer('c2VjcmV0')
      .content('..a\r\nb', '\r\n.\r\n')
      .close('peer'),
  );
  expect(text).toBe(`# SMTP dialogue with a.example:25
# connected to 192.0.2.1:25
S: 220 a
C: EHLO b
S: 250-a
S: 250 STARTTLS
C: STARTTLS
S: 220 go
# TLSv1.3, TLS_AES_256_GCM_SHA384, certificate of CN=mail.example.com, verified
-- tls
# AUTH PLAIN <secret, 8 bytes>
C~ ^AUTH PLAIN .+$
S: 235 ok
C: AUTH LOGIN
# <secret, 8 bytes>
C~ ^.+$
C: ..a
C: b
C: .
-- close
`);
});

test('of a request with credentials, only their line is a pattern', () => {
  const text = saved((dialogue) =>
    dialogue.bytes('GET /a?b HTTP/1.0\r\nAuthorization: Basic YTpi\r\nHost: a\r\n', 'request', 'GET', 'YTpi').close(),
  );
  expect(text).toBe(
    'C: GET /a?b HTTP/1.0\n# Authorization: Basic <secret, 4 bytes>\nC~ ^Authorization: Basic .+$\nC: Host: a\nC: \n# closed by the client\n',
  );
});

test('the time stands above what happened at it, and once for what happened at the same', () => {
  let text = '';
  const trace = wire((more) => (text += more));
  const said = { connection: 1, protocol: 'smtp', phase: 'mail', roundTrip: 1, secrets: [] } as const;
  for (const [time, line] of [[1, 'NOOP'], [1.001, 'RSET'], [250.5, 'QUIT']] as const) {
    trace({ ...said, kind: 'sent', time, bytes: Buffer.from(`${line}\r\n`), verb: line });
  } // biome-ignore format: a table
  trace({ connection: 1, protocol: 'smtp', kind: 'closed', time: 251, by: 'us' });
  expect(text).toBe('# 1.00 ms\nC: NOOP\nC: RSET\n# 250.50 ms\nC: QUIT\n# 251.00 ms\n# closed by the client\n');
});

test('the seed dialogue parses into as many steps as it has lines', () => {
  let text = '';
  seedDialogue(wire((more) => (text += more)));
  expect(parseTranscript(text)).toHaveLength(text.split('\n').filter((line) => /^[CS]/.test(line)).length);
});

describe('every byte comes back', () => {
  test('of the server', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 5 }),
        (pieces) => {
          const text = saved((dialogue) =>
            dialogue
              .open()
              .body(...pieces)
              .close(),
          );
          const bytes = parseTranscript(text).flatMap((step) => ('bytes' in step ? [step.bytes] : []));
          expect(Buffer.concat(bytes)).toEqual(Buffer.concat(pieces));
        },
      ),
    );
  });

  test('of the client, where it is text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { minLength: 1, maxLength: 5 }), (lines) => {
        const clean = lines.map((line) => Buffer.from(line.replace(/[\r\n]/g, '')).toString());
        const text = saved((dialogue) =>
          dialogue
            .open()
            .content(clean.map((line) => `${line}\r\n`).join(''))
            .close(),
        );
        const said = parseTranscript(text).flatMap((step) => ('line' in step ? [step.line] : []));
        expect(said).toEqual(clean);
      }),
    );
  });
});

describe('what the client says with no line end', () => {
  test('is told as such, and the command behind it is a line of its own', () => {
    const text = saved((dialogue) =>
      dialogue
        .say('BDAT 5')
        .content('hello')
        .say('BDAT 4 LAST')
        .content('\r\n\xff'.slice(0, 2), Buffer.of(0xff, 0))
        .hear('250 ok')
        .close('peer'),
    );
    expect(text).toBe('C: BDAT 5\nC- hello\nC: BDAT 4 LAST\nC: \nC- \\xff\\x00\nS: 250 ok\n-- close\n');
  });

  test('a request with a body is drawn with it', () => {
    const events = eventsOf('C: POST / HTTP/1.0\nC: Content-Length: 3\nC:\nC- a=b\nS: HTTP/1.0 200 OK\nS:\nS- ok\n');
    expect(events.map((event) => ('bytes' in event ? `${event.phase} ${event.bytes.length}` : event.kind))).toEqual([
      'head 38',
      'body 3',
      'head 19',
      'body 2',
    ]);
  });
});

test('a pattern that is none is a fault of the file, with its line', () => {
  expect(() => parseTranscript('S: 220 a\nC~ ^EHLO (\n')).toThrow(/^transcript line 2: Invalid regular expression/);
});
