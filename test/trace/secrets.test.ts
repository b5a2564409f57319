/** No credential's bytes reach the output of any format, whatever the credential, and wherever its spans are cut. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Trace } from '../../src/trace/event.ts';
import { explain } from '../../src/trace/explain/index.ts';
import { explainTranscript } from '../../src/trace/explain/transcript.ts';
import { type Format, formats } from '../../src/trace/formats.ts';
import { Picture } from '../../src/trace/picture/index.ts';
import { eventsOf } from '../../src/trace/recording.ts';
import { stretches } from '../../src/trace/render.ts';
import type { Write } from '../../src/trace/text.ts';
import { Dialogue } from './dialogue.ts';

/** Long enough not to stand in the dialogue by chance. */
const password = fc.string({ unit: 'grapheme', minLength: 12, maxLength: 40 }).filter((text) => !/[\r\n\0]/.test(text));

function login(trace: (event: never) => void, user: string, secret: string): void {
  const plain = Buffer.from(`\0${user}\0${secret}`).toString('base64');
  const step = Buffer.from(secret).toString('base64');
  const challenge = Buffer.from(`<${secret}@server>`).toString('base64');
  new Dialogue(trace as never)
    .open()
    .hear('220 a')
    .say(`AUTH PLAIN ${plain}`, plain)
    .hear('535 no')
    .say('AUTH LOGIN')
    .hear('334 VXNlcm5hbWU6')
    .answer(Buffer.from(user).toString('base64'))
    .hear('334 UGFzc3dvcmQ6')
    .answer(step)
    .hear('535 no')
    .say('AUTH CRAM-MD5')
    .challenge('334', challenge)
    .answer(step)
    .hear('235 ok')
    .close();
}

/** The pictures, as formats: they are written when all is over. */
const drawn: Record<string, Format> = {
  page: (write) => drawing((picture) => picture.html(), write),
  svg: (write) => drawing((picture) => picture.svg(), write),
};

function drawing(draw: (picture: Picture) => string, write: Write): Trace {
  const picture = new Picture();
  return (event) => {
    picture.trace(event);
    if (event.kind === 'closed') write(draw(picture));
  };
}

const everything: Record<string, Format> = { ...formats, ...drawn };

test('no format shows a credential, in base64 or in clear', () => {
  fc.assert(
    fc.property(fc.emailAddress(), password, (user, secret) => {
      for (const [name, format] of Object.entries(everything)) {
        for (const explained of [false, true]) {
          let text = '';
          login(format((more) => (text += more), { explain: explained, content: 'whole' }) as never, user, secret);
          const forms = [secret, ...[`\0${user}\0${secret}`, secret, user, `<${secret}@server>`].map(base64)];
          for (const form of forms) expect(text.includes(form), `${name}: ${form}`).toBe(false);
          const label = `secret, ${Buffer.from(base64(secret)).length} bytes`;
          expect(text, name).toContain(label);
        }
      }
    }),
    { numRuns: 25 },
  );
});

test('no explanation tells one', () => {
  fc.assert(
    fc.property(fc.emailAddress(), password, (user, secret) => {
      const told: unknown[] = [];
      login((event) => told.push(explain(event)), user, secret);
      const text = JSON.stringify(told);
      for (const form of [secret, base64(secret), `<${secret}@server>`]) expect(text.includes(form)).toBe(false);
      expect(text).toContain('Username:');
    }),
    { numRuns: 40 },
  );
});

test('bytes are cut exactly at their spans, in whatever order and overlap these come', () => {
  const span = fc.tuple(fc.nat(30), fc.nat(30)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 24 }), fc.array(span, { maxLength: 4 }), (bytes, spans) => {
      const cut = stretches(bytes, spans);
      expect(Buffer.concat(cut.map((part) => part.bytes))).toEqual(Buffer.from(bytes));
      const secret = cut.flatMap((part) => Array.from(part.bytes, () => part.secret));
      const wanted = Array.from(bytes, (_byte, index) => spans.some(({ start, end }) => start <= index && index < end));
      expect(secret).toEqual(wanted);
    }),
  );
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

test('a transcript that shows a password is explained and drawn without it', () => {
  fc.assert(
    fc.property(password, (secret) => {
      const plain = base64(`\0ada\0${secret}`);
      const transcript = `S: 220 a\nC: AUTH PLAIN ${plain}\nS: 535 no\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWRh\nS: 334 UGFzc3dvcmQ6\nC: ${base64(secret)}\nS: 235 ok\n`;
      const picture = new Picture();
      for (const event of eventsOf(transcript)) picture.trace(event);
      const shown = [JSON.stringify(explainTranscript(transcript)), picture.html(), picture.svg()];
      for (const text of shown) {
        for (const form of [secret, plain, base64(secret)]) expect(text.includes(form), form).toBe(false);
        expect(text).toContain('secret, ');
      }
      expect(shown[0]).toContain('user name');
    }),
    { numRuns: 25 },
  );
});
