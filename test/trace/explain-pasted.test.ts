/** What people paste: bounces, logs, and transcripts of other programs. */
import { describe, expect, test } from 'vitest';
import { explainLine } from '../../src/trace/explain/index.ts';
import { explainTranscript } from '../../src/trace/explain/transcript.ts';
import { formats } from '../../src/trace/formats.ts';
import { eventsOf } from '../../src/trace/recording.ts';
import { wire } from '../../src/trace/wire.ts';
import { Dialogue } from './dialogue.ts';

/** Subjects of a line and of its parts. */
function told(line: string): string[] {
  const found = explainTranscript(line)[0]?.explanation;
  return found === undefined ? [] : [found.subject, ...found.parts.map(({ subject }) => subject)];
}

/** Each line that is explained, by its subject and the beginning of its meaning. */
function lines(transcript: string): string[] {
  return explainTranscript(transcript).flatMap(({ explanation }) =>
    explanation === undefined ? [] : [`${explanation.subject}: ${explanation.means}`],
  );
}

describe('a code in a line of a log, a bounce or an error', () => {
  test.each([
    [
      '<a@b.example>: host mx[192.0.2.1] said: 550 5.1.1 <a@b.example>: User unknown (in reply to RCPT TO command)',
      '550 5.1.1',
    ],
    ['Diagnostic-Code: smtp; 550 5.1.1 no such user', '550 5.1.1'],
    ['Diagnostic-Code: smtp;421-4.7.28 flood', '421 4.7.28'],
    ['Status: 5.1.1', '5.1.1'],
    ['postfix/smtp[1]: ABC: to=<a@b.example>, dsn=4.4.1, status=deferred (connect to mx:25: timed out)', '4.4.1'],
    ['Remote host said: 550 sorry, no mailbox here by that name. (#5.1.1)', '550 5.1.1'],
    ['Remote_host_said:_550_5.1.1_unknown/', '550 5.1.1'],
    ["SMTPRecipientsRefused: {'a@b.example': (550, b'5.1.1 User unknown')}", '550 5.1.1'],
    ['Error: Invalid login: 535-5.7.8 Username and Password not accepted', '535 5.7.8'],
    ['responseCode: 550', '550'],
    ['5.1.1 <a@b.example>... User unknown', '5.1.1'],
    ['#5.7.1', '5.7.1'],
  ])('%s', (line, subjects) => {
    expect(told(line).join(' ')).toBe(subjects);
  });

  test.each([
    'node 4.2.1 is old',
    'Python 2.7.1',
    'from 10.4.5.1',
    'Mail delivery failed: returning message to sender',
    'Data was lost',
    'Help wanted: apply within',
    '    RCPT TO command)',
    'AUTHOR',
    '999 no',
  ])('nothing is made up for %j', (line) => {
    expect(told(line)).toEqual([]);
  });
});

describe('a line with its mark, and the time before it', () => {
  test.each([
    ['C: MAIL FROM:<a@b.example>', 'MAIL'],
    ['S: 550 5.1.1 no', '550 5.1.1'],
    [' -> EHLO me', 'EHLO'],
    ['-> EHLO me', 'EHLO'],
    ['<** 550 5.1.1 no', '550 5.1.1'],
    ['> GET / HTTP/1.1', 'GET / HTTP/1.1'],
    ['> DATA', 'DATA'],
    ['< 354 go on', '354'],
    ['0.109 ms #1 <-- 220, 8 bytes, round trip 1', '220'],
    ["send: 'mail FROM:<a@b.example> size=12\\r\\n'", 'MAIL size=12'],
    ["reply: b'250 2.1.0 Ok\\r\\n'", '250 2.1.0'],
    ['--> EHLO me', 'EHLO'],
    ['  SMTP<< 250 OK', '250'],
    ['2026-11-21 10:00:00 SERVER -> CLIENT: 250 OK', '250'],
    ['[2026-11-21 10:00:00] DEBUG [abc123] C: RSET', 'RSET'],
    ['10:00:00.123456 > GET / HTTP/1.0', 'GET / HTTP/1.0'],
    ['2026-11-21T10:00:00.1+01:00 C: NOOP', 'NOOP'],
    ["12:00:01.123456 send: 'quit\\r\\n'", 'QUIT'],
  ])('%s', (line, subjects) => {
    expect(told(line).join(' ')).toBe(subjects);
  });
});

describe('SMTP or HTTP', () => {
  test.each([
    ['404', 'There is nothing at this address.'],
    ['404 Not Found', 'There is nothing at this address.'],
    ['100 Continue', 'Go on and send the body.'],
    ['503 Service Unavailable', 'Not available now.'],
    ['503 5.5.1 Bad sequence of commands', 'Commands in the wrong order.'],
    ['503 Valid RCPT command must precede DATA', 'Commands in the wrong order.'],
    ['HTTP/2 301', 'It has moved for good.'],
    ['http/1.1 200 ok', 'OK: the body is what was asked for.'],
    ['BREW /pot HTTP/1.1', 'A method that is none of the common ones'],
    ['get / HTTP/1.1', 'get is not GET'],
    ['QUERY /search HTTP/1.1', 'the question in the body'],
    ['250 Help is on its way', 'Done.'],
    ['250 HELP', 'The server does HELP.'],
    ['250-X-EXPS GSSAPI NTLM', 'what begins with X is not registered'],
  ])('%s', (line, means) => {
    expect(explainLine(line)?.means).toContain(means);
  });

  test('a number alone may be either', () => {
    expect(told('503')).toEqual(['503', 'HTTP 503']);
    expect(told('550')).toEqual(['550']);
  });

  test.each([
    ['GET /a?b HTTP/1.1', '3.2.1'],
    ['GET http://a.example/ HTTP/1.0', '3.2.2'],
    ['CONNECT a.example:443 HTTP/1.1', '3.2.3'],
    ['OPTIONS * HTTP/1.1', '3.2.4'],
  ])('%s: the form of its target', (line, section) => {
    expect(explainLine(line)?.parts[0]?.source).toBe(`RFC 9112 section ${section}`);
  });
});

describe('TLS', () => {
  test.each([
    ['TLSv1.3', 'TLSv1.3'],
    ['TLSv1', 'TLSv1'],
    ['New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384', 'TLSv1.3 TLS_AES_256_GCM_SHA384'],
    ['* SSL connection using TLSv1.2 / ECDHE-RSA-AES128-GCM-SHA256', 'TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256'],
    ['=== TLS started with cipher TLSv1.3:TLS_AES_256_GCM_SHA384:256', 'TLSv1.3 TLS_AES_256_GCM_SHA384'],
    ['    Verify return code: 18 (self-signed certificate)', 'not verified'],
    ['Verify return code: 0 (ok)', 'verified'],
    ['*  SSL certificate verify ok.', 'verified'],
    [
      '=== [TLSv1.3, TLS_AES_256_GCM_SHA384, certificate of CN=a, NOT verified: expired]',
      'TLSv1.3 not verified TLS_AES_256_GCM_SHA384',
    ],
    ['=== [TLSv1.3, TLS_AES_256_GCM_SHA384, certificate of CN=a, verified]', 'TLSv1.3 verified TLS_AES_256_GCM_SHA384'],
    ['* TLSv1.3 (OUT), TLS handshake, Client hello (1):', ''],
  ])('%s', (line, subjects) => {
    expect(told(line).join(' ')).toBe(subjects);
  });
});

describe('whole transcripts', () => {
  test.each(Object.entries({ ...formats, wire }))(
    'what the format %s writes is explained, line by line',
    (name, format) => {
      let text = '';
      const trace = format((more) => {
        text += more;
      });
      new Dialogue(trace)
        .tls()
        .hear('220 mx')
        .say('EHLO me')
        .hear('250-mx', '250-PIPELINING', '250 AUTH PLAIN')
        .say('AUTH PLAIN AGFkYQBzZXNhbWU=', 'AGFkYQBzZXNhbWU=')
        .hear('535 5.7.8 no')
        .say('QUIT')
        .hear('221 bye')
        .close();
      const explained = explainTranscript(text);
      const subjects = explained.flatMap(({ explanation }) => explanation?.subject ?? []);
      // a hex dump shows no lines of a reply, and an object of json is an event
      const extensions = name === 'hex' || name === 'json' ? [] : ['250 PIPELINING', '250 AUTH PLAIN'];
      const spoken = ['220', 'EHLO', '250', ...extensions, 'AUTH', '535', 'QUIT', '221'];
      expect(subjects.filter((subject) => subject !== 'verified')).toEqual(
        name === 'smtplib' ? spoken : ['TLSv1.3', ...spoken],
      );
      // the credentials stay as they were hidden by the format
      expect(explained.map((line) => line.text).join('\n')).toBe(text.replace(/\n$/, ''));
    },
  );

  test('with PIPELINING each reply is explained by its own command', () => {
    const found = lines(
      'C: MAIL FROM:<a@b.example>\nC: RCPT TO:<c@d.example>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye\nS: 220 another',
    );
    expect(found.filter((line) => /^\d/.test(line))).toEqual([
      '250: The sender is accepted, and a message has begun.',
      '250: This recipient is accepted.',
      '354: Go on: send the message.',
      expect.stringContaining('now responsible'),
      '221: The server says goodbye.',
      '220: The server is there and ready.',
    ]);
  });

  test.each([
    ['S: 220 mail.example.com\nC: EHLO me\nS: 250 mail', 'there and ready'],
    ['# SMTP dialogue with mail.example.com:25\nS: 220 mail.example.com ESMTP\n', 'there and ready'],
    ['220 mail.example.com ESMTP Postfix', 'there and ready'],
    ['220-mail.example.com ESMTP\n220 no spam, please', 'there and ready'],
    ['220 2.0.0 Ready to start TLS', 'The server is ready.'],
    ['S: 220 Go ahead with TLS\nC: EHLO me', 'The server is ready.'],
    ['S: 220 2.0.0 Go ahead\nC: EHLO me', 'The server is ready.'],
  ])('a 220 that answers nothing, %j', (text, means) => {
    expect(lines(text).find((line) => line.startsWith('220'))).toContain(means);
  });

  test('the same code says what the command before makes of it', () => {
    const dialogue =
      'C: ETRN a.example\nS: 251 none\nC: AUTH FOO\nS: 504 no\nC: VRFY bob\nS: 250 bob@a.example\nC: DATA\nS: 503 no';
    expect(lines(dialogue).filter((line) => /^\d/.test(line))).toEqual([
      '251: No mail waits for that node.',
      expect.stringContaining('does not do this mechanism'),
      '250: The mailbox exists, and this is its address.',
      expect.stringContaining('No sender or no recipient has been accepted'),
    ]);
  });

  test("EHLO's reply: the name first, then the extensions, known or not", () => {
    expect(lines('EHLO me\n250-mx\n250-PIPELINING\n250-NEWS one\n250 LIMITS RCPTMAX=9').slice(1)).toEqual([
      "250: The server's name, and one line for each extension it offers.",
      expect.stringMatching(/^250 PIPELINING: /),
      expect.stringMatching(/^250 NEWS one: An extension that is not in the registry/),
      expect.stringMatching(/^250 LIMITS RCPTMAX=9: /),
    ]);
  });

  test('a chunk of BDAT is no command', () => {
    const found = lines('C: BDAT 8\nC: NOOP x\nS: 250 ok\nC: BDAT 0 LAST\nS: 250 ok');
    expect(found).toHaveLength(4);
    expect(found[1]).toBe('250: The chunk has arrived.');
    expect(found[3]).toContain('now responsible');
  });

  test('curl shows no content, smtplib all of it in one', () => {
    const said =
      "send: 'data\\r\\n'\nreply: b'354 go\\r\\n'\nsend: b'Subject: x\\r\\n\\r\\nQUIT\\r\\n.\\r\\n'\nreply: b'250 ok\\r\\n'";
    expect(lines(said).at(-1)).toContain('now responsible');
    expect(lines('> DATA\n< 354 go\n} [42 bytes data]\n< 250 queued').at(-1)).toContain('now responsible');
  });

  test('PHPMailer and nodemailer mark the first line of a reply only', () => {
    const php =
      'SERVER -> CLIENT: 250-mx\n                   250-STARTTLS\n                   250 HELP\nCLIENT -> SERVER: QUIT';
    expect(lines(`CLIENT -> SERVER: EHLO me\n${php}`).map((line) => line.split(':')[0])).toEqual([
      'EHLO', '250', '250 STARTTLS', '250 HELP', 'QUIT',
    ]); // biome-ignore format: one dialogue
    const at = '[2026-11-21 10:00:00]';
    expect(
      lines(`${at} INFO  connected\n${at} DEBUG [x] C: EHLO me\n${at} DEBUG [x] S: 250-mx\n250 SIZE 9`).map(
        (line) => line.split(':')[0],
      ),
    ).toEqual(['EHLO', '250', '250 SIZE 9']);
  });

  test('the headers of a bounce are those of a mail, not of HTTP', () => {
    const bounce =
      'From: MAILER-DAEMON\nDate: now\nSubject: Undelivered\n\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no';
    expect(lines(bounce).map((line) => line.split(':')[0])).toEqual(['5.1.1', '550']);
    expect(lines('Date: now\nServer: a')).toHaveLength(2);
  });

  test('a login in a single line is decoded, without its secret', () => {
    const [found] = explainTranscript('AUTH PLAIN AGFkYQBzZXNhbWU=');
    expect(found?.explanation?.parts.at(-1)?.parts.map(({ means }) => means)).toEqual(['ada', '<secret, 6 bytes>']);
  });
});

test.each([
  'NOT verified ',
  'certificate verify result: ',
  'said: ',
  '5.1.',
  "550, b'",
  'TLSv1.3 ',
  '(#',
  '250 AUTH PLAIN ',
])('a line of a hundred thousand octets is read in no time: %j', (piece) => {
  const line = piece.repeat(100_000 / piece.length);
  const begun = performance.now();
  explainTranscript(line);
  explainTranscript(`C: ${line}\nS: ${line}\n# ${line}`);
  expect(performance.now() - begun).toBeLessThan(1000);
});

describe('drawn from what other programs show', () => {
  /** What is said and heard, in short. */
  function drawn(transcript: string): string {
    return eventsOf(transcript)
      .flatMap((event) => {
        if (event.kind === 'sent') return [`>${event.verb ?? event.phase}`];
        return event.kind === 'received' ? [`<${event.reply?.code ?? event.phase}`] : [];
      })
      .join(' ');
  }

  test.each([
    [
      'smtplib',
      "send: 'data\\r\\n'\nreply: b'354 go\\r\\n'\nsend: b'Subject: x\\r\\n\\r\\nhi\\r\\n.\\r\\n'\nreply: b'250 ok\\r\\n'\nsend: 'quit\\r\\n'",
      '>DATA <354 >content <250 >QUIT',
    ],
    ['curl', '> DATA\n< 354 go\n} [42 bytes data]\n< 250 queued\n> QUIT', '>DATA <354 <250 >QUIT'],
    ['PHPMailer', 'SERVER -> CLIENT: 250-mx\n                   250 HELP\nCLIENT -> SERVER: QUIT', '<250 >QUIT'],
    [
      'telnet',
      "Trying 127.0.0.1...\nConnected to mx.\nEscape character is '^]'.\n220 mx\nQUIT\n221 bye\nConnection closed by foreign host.",
      '<220 >QUIT <221',
    ],
    [
      'openssl',
      'CONNECTED(00000003)\n---\nVerify return code: 0 (ok)\n---\n250 CHUNKING\nQUIT\n221 bye\nclosed',
      '<250 >QUIT <221',
    ],
  ])('%s', (_program, transcript, wanted) => {
    expect(drawn(transcript)).toBe(wanted);
  });
});
