/** What is known of a dialogue by its lines alone: which protocol it is, what is owed, what could be said, what is secret. */
import { describe, expect, test } from 'vitest';
import { HttpView } from '../../src/cli/dialogue/http-view.ts';
import { type Piece, PieceSplitter } from '../../src/cli/dialogue/pieces.ts';
import { SmtpView } from '../../src/cli/dialogue/smtp-view.ts';
import type { Said } from '../../src/cli/dialogue/speech.ts';
import { View } from '../../src/cli/dialogue/view.ts';

function smtp(...lines: readonly string[]): SmtpView {
  const view = new SmtpView();
  for (const line of lines) {
    if (line.startsWith('S: ')) view.heard(line.slice(3));
    else view.said(line);
  }
  return view;
}

const hints = (view: SmtpView | HttpView) => view.hints('me').map(({ line }) => line);

describe('SMTP', () => {
  const EHLO = ['S: 220 mx', 'EHLO me', 'S: 250-mx', 'S: 250-STARTTLS', 'S: 250-AUTH PLAIN LOGIN', 'S: 250 CHUNKING'];

  test('what could be said, from the greeting to the end', () => {
    expect(hints(smtp())).toEqual(['']);
    expect(hints(smtp('S: 220 mx'))).toEqual(['EHLO me', 'HELO me', 'NOOP', 'QUIT']);
    expect(hints(smtp(...EHLO))).toEqual(['STARTTLS', 'AUTH PLAIN', 'AUTH LOGIN', 'MAIL FROM:<', 'NOOP', 'QUIT']);
    const mail = [...EHLO, 'MAIL FROM:<a@b.example>', 'S: 250 ok'];
    expect(hints(smtp(...mail))).toEqual(['RCPT TO:<', 'RSET', 'QUIT']);
    const rcpt = [...mail, 'RCPT TO:<c@d.example>', 'S: 250 ok'];
    expect(hints(smtp(...rcpt))).toEqual(['RCPT TO:<', 'DATA', 'BDAT ', 'RSET', 'QUIT']);
    expect(hints(smtp(...rcpt, 'DATA', 'S: 354 go', 'x'))).toEqual(['.']);
    expect(hints(smtp(...rcpt, 'DATA', 'S: 354 go', '.', 'S: 250 ok', 'QUIT', 'S: 221 bye'))).toEqual([]);
    expect(hints(smtp(...EHLO, 'AUTH LOGIN', 'S: 334 VXNlcm5hbWU6'))).toEqual(['*']);
  });

  test('credentials are secret behind an AUTH that was refused, too, and behind one that is not answered yet', () => {
    const whole = [{ start: 0, end: 12 }];
    expect(smtp(...EHLO, 'AUTH LOGIN', 'S: 504 no').said('c2VjcmV0IDEy').secrets).toEqual(whole);
    const early = smtp(...EHLO, 'AUTH LOGIN');
    expect(early.said('YWRhIGFkYSBh').secrets).toEqual(whole);
    expect(early.said('c2VjcmV0IDEy').secrets).toEqual(whole);
    for (const line of ['334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6', '235 ok']) early.heard(line);
    for (const line of ['NOOP', 'QUIT']) expect(early.said(line)).toMatchObject({ verb: line, secrets: [] });
    expect(smtp(...EHLO).said('c2VjcmV0IDEy')).toMatchObject({ secrets: [] });
  });

  test('what STARTTLS makes of it', () => {
    const view = smtp(...EHLO, 'STARTTLS', 'S: 220 go');
    expect(view.tlsDue).toBe(true);
    expect(view.maySay('batches')).toBe(false);
    view.secured();
    expect(hints(view)).toEqual(['EHLO me', 'HELO me', 'NOOP', 'QUIT']);
  });

  test('when the next line may be said', () => {
    expect(smtp().maySay('lock-step')).toBe(false);
    expect(smtp('S: 220-mx').maySay('lock-step')).toBe(false);
    expect(smtp('S: 220-mx', 'S: 220 x').maySay('lock-step')).toBe(true);
    const begun = smtp('S: 220 mx', 'EHLO me', 'S: 250 mx', 'MAIL FROM:<>');
    expect(begun.maySay('lock-step')).toBe(false);
    expect(begun.maySay('batches')).toBe(true);
    begun.said('DATA');
    expect(begun.maySay('batches')).toBe(false);
    expect(smtp('S: 220 mx', 'BDAT 4', 'a').maySay('lock-step')).toBe(true);
  });

  test('a message is said without waiting, and its reply waited for', () => {
    const view = smtp('S: 220 mx', 'DATA', 'S: 354 go', 'EHLO', '..');
    expect(view.maySay('lock-step')).toBe(true);
    view.said('.');
    expect(view.maySay('lock-step')).toBe(false);
  });

  test('in LMTP each recipient that was accepted gets a reply after the message', () => {
    const mail = ['S: 220 x', 'LHLO me', 'S: 250 x', 'MAIL FROM:<>', 'S: 250 ok'];
    const rcpts = ['RCPT TO:<a>', 'S: 250 ok', 'RCPT TO:<b>', 'S: 550 no', 'RCPT TO:<c>', 'S: 250 ok'];
    const view = smtp(...mail, ...rcpts, 'DATA', 'S: 354 go', '.', 'S: 250 ok');
    expect(view.idle).toBe(false);
    view.heard('452 full');
    expect(view.idle).toBe(true);
  });

  test('what is secret: whatever answers a challenge, and what comes with AUTH', () => {
    const view = smtp('S: 220 mx');
    expect(view.said('AUTH PLAIN c2VjcmV0').secrets).toEqual([{ start: 11, end: 19 }]);
    view.heard('334 ');
    expect(view.said('c2VjcmV0').secrets).toEqual([{ start: 0, end: 8 }]);
    view.heard('334 ');
    expect(view.said('*').secrets).toEqual([]);
    view.heard('501 no');
    expect(view.said('NOOP c2VjcmV0').secrets).toEqual([]);
    expect(view.said('AUTH\tPLAIN  c2VjcmV0').secrets).toEqual([{ start: 12, end: 20 }]);
    expect(view.said('AUTH PLAIN c2Vj\rcmV0').secrets).toEqual([{ start: 11, end: 20 }]);
  });

  test('a challenge is hidden from traces, and what it asks for is said', () => {
    const view = smtp(...EHLO, 'AUTH LOGIN');
    expect(view.heard('334 VXNlcm5hbWU6')).toMatchObject({
      secrets: [{ start: 4, end: 16 }],
      explanation: { parts: [{ means: 'Asks for the user name.' }, { subject: 'Username:' }] },
    });
    expect(view.said('YWRh').explanation).toMatchObject({ means: 'The user name.' });
    expect(view.heard('334 UGFzc3dvcmQ6').explanation).toMatchObject({
      parts: [{ means: 'Asks for the password.' }, { subject: 'Password:' }],
    });
    expect(view.said('c2VjcmV0').explanation).toMatchObject({ means: 'The password.' });
    expect(JSON.stringify(view.said('AUTH PLAIN AGFkYQBzZWNyZXQ='))).not.toMatch(/c2VjcmV0|secret,? *word|AGFkYQ/);
  });

  test('who is logged in does not log in again', () => {
    const view = smtp(...EHLO, 'AUTH PLAIN AGFkYQBzZWNyZXQ=', 'S: 235 welcome');
    expect(hints(view)).not.toContain('AUTH PLAIN');
  });
});

describe('HTTP', () => {
  test('what could be said, and what has been', () => {
    const view = new HttpView();
    expect(hints(view)).toEqual(['GET / HTTP/1.0', 'HEAD / HTTP/1.0']);
    view.said('GET / HTTP/1.0');
    view.said('host: me');
    expect(hints(view)).toEqual(['User-Agent: plainwire', 'Accept: */*', '']);
    expect(view.said('').more).toBe(false);
    expect(hints(view)).toEqual([]);
  });

  test('credentials', () => {
    const view = new HttpView();
    view.said('GET / HTTP/1.0');
    expect(view.said('authorization: Basic YTpi').secrets).toEqual([{ start: 15, end: 25 }]);
    expect(view.said('Cookie: a=b').secrets).toEqual([{ start: 8, end: 11 }]);
    expect(view.said(' c=d').secrets).toEqual([{ start: 0, end: 4 }]);
    expect(view.said('Referer: http://ada:pw@a.example/').secrets).toEqual([{ start: 16, end: 22 }]);
    expect(view.said('Accept: */*').secrets).toEqual([]);
  });

  test('what a server gives to be known by again', () => {
    const view = new HttpView();
    view.said('GET / HTTP/1.0');
    expect(view.heard('HTTP/1.0 200 OK').secrets).toEqual([]);
    expect(view.heard('Set-Cookie: id=ü; Path=/').secrets).toEqual([{ start: 15, end: 17 }]);
    view.heard('');
    expect(view.heard('Set-Cookie: id=ü; Path=/').secrets).toEqual([]);
  });
});

describe('a line that is too long to be waited for comes in pieces', () => {
  /** Everything that a client says, as what it is taken for. */
  function saidBy(view: View, text: string) {
    const splitter = new PieceSplitter();
    const found: { readonly size: number; readonly said: Said }[] = [];
    const hand = ({ bytes, continues }: Piece): void => {
      const said = continues ? view.saidOn(bytes.length) : view.said(bytes.toString());
      found.push({ size: bytes.length, said });
    };
    for (let left: Uint8Array = Buffer.from(text); left.length > 0; ) left = splitter.take(left, hand);
    splitter.rest(hand);
    return found;
  }
  const long = 'A'.repeat(200_000);

  test('of which only the first is a command', () => {
    const view = new View('smtp');
    view.heard('220 mx');
    const pieces = saidBy(view, `NOOP ${long}\r\nEHLO me\r\n`);
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.map(({ said }) => said.verb).filter((verb) => verb !== undefined)).toEqual(['NOOP', 'EHLO']);
    expect(view.heard('500 too long').phase).toBe('noop');
    expect(view.heard('250 mx').phase).toBe('ehlo');
    expect(view.smtp?.idle).toBe(true);
  });

  test.each([
    ['smtp', ['S: 220 mx', 'S: 250 mx'], `AUTH XOAUTH2 ${long}\r\n`, 13],
    ['smtp', ['S: 220 mx', 'AUTH LOGIN', 'S: 334 UGFzc3dvcmQ6'], `${long}\r\n`, 0],
    ['http', ['GET / HTTP/1.0'], `Authorization: Negotiate ${long}\r\n`, 15],
  ] as const)('of a secret all are secret: %s %j', (protocol, before, text, plain) => {
    const view = new View(protocol);
    for (const line of before) {
      if (line.startsWith('S: ')) view.heard(line.slice(3));
      else view.said(line);
    }
    const pieces = saidBy(view, text);
    expect(pieces.length).toBeGreaterThan(2);
    for (const [index, { size, said }] of pieces.entries()) {
      expect(said.secrets).toEqual([{ start: index === 0 ? plain : 0, end: size }]);
    }
    // and the next line is one like any other
    expect(saidBy(view, 'NOOP\r\n')[0]?.said.secrets).toEqual([]);
  });

  test('a dot at the end of a long line of content does not end it', () => {
    const view = new View('smtp');
    view.heard('220 mx');
    view.said('DATA');
    view.heard('354 go');
    saidBy(view, `${'x'.repeat(64 * 1024)}.\r\nEHLO me\r\n`);
    expect(view.smtp?.hints('me').map(({ line }) => line)).toEqual(['.']);
  });

  test('what a server says in one line is one reply', () => {
    const view = new View('smtp');
    view.said('EHLO me');
    view.heard('220 mx');
    view.heard('250-x');
    expect(view.heardOn(6)).toMatchObject({ reply: false, phase: 'ehlo' });
    expect(view.smtp?.idle).toBe(false);
  });
});

describe('which protocol it is', () => {
  test.each([
    ['EHLO me', 'smtp'],
    ['mail from:<a@b.example>', 'smtp'],
    ['GET / HTTP/1.0', 'http'],
    ['GET /', 'http'],
    ['hello', 'raw'],
  ])('the client says %s: %s', (line, protocol) => {
    const view = new View(undefined);
    view.said(line);
    expect(view.protocol).toBe(protocol);
  });

  test('the server greets first', () => {
    const view = new View(undefined);
    view.heard('220 mx.example ESMTP');
    expect(view.protocol).toBe('smtp');
    expect(view.smtp?.idle).toBe(true);
  });

  test('a line that says nothing does not decide, and an answer that is no greeting does', () => {
    const view = new View(undefined);
    view.said('what');
    view.heard('220 mx.example ESMTP');
    expect(view.protocol).toBe('smtp');
    const other = new View(undefined);
    other.heard('hello');
    other.said('EHLO me');
    expect(other.protocol).toBe('raw');
  });

  test('what the person said is not doubted', () => {
    const view = new View('raw');
    view.said('EHLO me');
    expect(view.protocol).toBe('raw');
    expect(view.hints('host', 'me')).toEqual([]);
  });
});
