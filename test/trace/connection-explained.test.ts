/** What is said of a connection as a whole: beside what crosses it, for it too is part of the dialogue. */
import { describe, expect, test } from 'vitest';
import { type ErrorCode, PlainwireError } from '../../src/errors.ts';
import type { TraceEvent } from '../../src/trace/event.ts';
import { explainer } from '../../src/trace/explain/index.ts';
import { formats } from '../../src/trace/formats.ts';
import { eventsOf } from '../../src/trace/recording.ts';
import { Dialogue } from './dialogue.ts';

/** Each event's kind, with what is said of it. */
function told(play: (dialogue: Dialogue) => unknown, about: ConstructorParameters<typeof Dialogue>[1] = {}): string[] {
  const explain = explainer();
  const lines: string[] = [];
  const trace = (event: TraceEvent): void => {
    const found = explain(event);
    const parts = found?.parts.map(({ subject }) => subject) ?? [];
    lines.push([event.kind, found?.means, found?.next, found?.source, ...parts].join(' | '));
  };
  play(new Dialogue(trace, about));
  return lines;
}

test('of mail: the port says what is spoken there, and who speaks first is told', () => {
  const [connecting, connected] = told((dialogue) => dialogue.open(), { target: 'mail.example.com:587' });
  expect(connecting).toMatch(/^connecting \| .*SYN.* \| RFC 9293 section 3\.5 \| port 587$/);
  expect(connected).toMatch(/^connected \| .* \| The server speaks first: .* \| RFC 9293 section 3\.5$/);
});

test('of a page, of implicit TLS, and of a socket on the same machine', () => {
  const page = told((dialogue) => dialogue.open(), { protocol: 'http', target: 'example.com:80' });
  expect(page[1]).toContain('The client speaks first');
  const secure = told((dialogue) => dialogue.open(), { target: 'mail.example.com:465' });
  expect(secure[1]).toContain('TLS is agreed on');
  const local = told((dialogue) => dialogue.open(), { protocol: 'lmtp', target: '/run/lmtp' });
  expect(local.join('\n')).not.toContain('TCP');
  expect(local[0]).toContain('same machine');
});

test('a close is what was to come after QUIT, and a surprise without', () => {
  expect(told((dialogue) => dialogue.say('QUIT').hear('221 bye').close('peer')).at(-1)).toContain(
    'as it said it would',
  );
  expect(told((dialogue) => dialogue.say('NOOP').close('peer')).at(-1)).toContain('RFC 5321 section 3.8');
  expect(told((dialogue) => dialogue.close()).at(-1)).toContain('The client closes');
  const page = told((dialogue) => dialogue.close('peer'), { protocol: 'http' });
  expect(page.at(-1)).toContain('RFC 1945 section 7.2.2');
});

/** The codes of everything that a connection reports to its trace: all classes but the caller's own input and the server's no. */
const CODES = [
  'NAME_NOT_FOUND',
  'CONNECT_FAILED',
  'CONNECTION_LOST',
  'CONNECTION_CLOSED',
  'PROXY_FAILED',
  'ADDRESS_REFUSED',
  'TLS_FAILED',
  'CERTIFICATE_REFUSED',
  'DEADLINE_PASSED',
  'ABORTED',
  'BAD_REPLY',
  'UNEXPECTED_REPLY',
  'BYTES_BEFORE_TLS',
  'LIMIT_EXCEEDED',
  'EMPTY_RESPONSE',
  'NOT_HTTP',
  'BAD_STATUS_LINE',
  'BAD_HEADER',
  'CONTROL_IN_HEAD',
  'BAD_CONTENT_LENGTH',
  'CONFLICTING_CONTENT_LENGTH',
  'UNKNOWN_TRANSFER_CODING',
  'BAD_CHUNK',
  'UNEXPECTED_UPGRADE',
  'SHORT_HEAD',
  'SHORT_BODY',
] as const satisfies readonly ErrorCode[];

describe('errors', () => {
  test.each(CODES)('%s is explained, with its source', (code) => {
    for (const protocol of ['smtp', 'http'] as const) {
      const [line] = told((dialogue) => dialogue.tracer.error(new PlainwireError(code, 'x')), { protocol });
      expect(line).toMatch(/^error \| [^|]+\. \| .*\| (?:RFC \d+ section [\d.]+|docs\/errors\.md)$/);
    }
  });

  test('what to do next is told where it is known', () => {
    const facts = { retryable: true };
    const [again] = told(({ tracer }) => tracer.error(new PlainwireError('CONNECTION_LOST', 'x', facts)));
    expect(again).toContain('may work later');
    const unknown = { mayHaveBeenDelivered: true };
    const [twice] = told(({ tracer }) => tracer.error(new PlainwireError('CONNECTION_LOST', 'x', unknown)));
    expect(twice).toContain('may come twice');
  });
});

test.each(['swaks', 'hex', 'markdown'] as const)('%s says it under the line', (name) => {
  let text = '';
  const trace = formats[name]((more) => (text += more), { explain: true });
  new Dialogue(trace).open().fail('the connection broke').close('peer');
  expect(text).toContain('RFC 9293 section 3.5]');
  expect(text).toContain('RFC 9293 section 3.5.3]');
  expect(text).toContain('RFC 5321 section 3.8]');
});

test('an error comes back out of a recording', () => {
  let text = '';
  new Dialogue(formats.wire((more) => (text += more))).open().hear('220 a').fail('the connection broke').close('peer');
  const kinds = eventsOf(text).map((event) => (event.kind === 'error' ? `error ${event.error.code}` : event.kind));
  expect(kinds).toEqual(['connecting', 'connected', 'received', 'error CONNECTION_LOST', 'closed']);
});

test.each([
  ['markdown', '### SMTP dialogue with mail.example.com:25\n\n```text\n-- CONNECTION_LOST: nobody there\n```\n\n'],
  ['wire', '# SMTP dialogue with mail.example.com:25\n# CONNECTION_LOST: nobody there\n'],
] as const)('%s tells of a connection that never came about', (name, expected) => {
  let text = '';
  const { tracer } = new Dialogue(formats[name]((more) => (text += more)));
  tracer.connecting('mail.example.com:25');
  tracer.error(new PlainwireError('CONNECTION_LOST', 'nobody there'));
  expect(text.replace(/^# [\d.]+ ms\n/m, '')).toBe(expected);
});
