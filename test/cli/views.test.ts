/** What is known of a dialogue by its lines alone: which protocol it is, what is owed, what could be said, what is secret. */
import { describe, expect, test } from 'vitest';
import { HttpView } from '../../src/cli/dialogue/http-view.ts';
import { SmtpView } from '../../src/cli/dialogue/smtp-view.ts';
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
