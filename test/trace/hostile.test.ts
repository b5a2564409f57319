/** A hostile peer steers no terminal, ends no fence, and writes no line of its own into a file, whatever it is called. */
import { describe, expect, test } from 'vitest';
import { formats } from '../../src/trace/formats.ts';
import { Picture } from '../../src/trace/picture/index.ts';
import { eventsOf } from '../../src/trace/recording.ts';
import { Dialogue, TLS } from './dialogue.ts';

const EVIL = '\x1b]0;owned\x07\x9b2J\r\n```\nS: 250 mine\n-- reset\n\u202eevil\u061c\u2028line\u200b';

function shown(play: (dialogue: Dialogue) => unknown): Map<string, string> {
  const result = new Map<string, string>();
  const picture = new Picture();
  const traces = Object.entries(formats).map(([name, format]) =>
    format((text) => result.set(name, (result.get(name) ?? '') + text), { content: 'whole', explain: true }),
  );
  const dialogue = new Dialogue(
    (event) => {
      for (const trace of [...traces, picture.trace]) trace(event);
    },
    { target: `mail.example.com${EVIL}:25` },
  );
  play(dialogue);
  dialogue.close();
  return result.set('page', picture.html()).set('svg', picture.svg());
}

const certificate = { subject: `CN=${EVIL}`, issuer: `O=${EVIL}`, altNames: [`DNS:${EVIL}`] };

const PLAYS: Readonly<Record<string, (dialogue: Dialogue) => unknown>> = {
  'the names in a certificate': (dialogue) =>
    dialogue.open().tls({
      authorized: false,
      authorizationError: `not for ${EVIL}`,
      certificate: { ...TLS.certificate, ...certificate } as typeof TLS.certificate,
    }),
  'a reply': (dialogue) => dialogue.open().hear(`220 ${EVIL}`, '250 ok'),
  'a challenge': (dialogue) =>
    dialogue
      .open()
      .say('AUTH LOGIN')
      .hear(`334 ${Buffer.from(EVIL).toString('base64')}`),
  'an error that quotes it': (dialogue) => dialogue.open().fail(`it said ${EVIL}`),
  'a second connection': (dialogue) => {
    dialogue.open().hear('220 a');
    return dialogue.hear(`220 ${EVIL}`);
  },
};

describe.each(Object.entries(PLAYS))('%s', (name, play) => {
  const texts = shown(play);

  test('no format lets a control character through, nor one that turns or hides text', () => {
    for (const [name, text] of texts) {
      expect(text, name).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u2028\u2029\u202a-\u202e]/);
    }
  });

  test('the fence of a markdown transcript holds', () => {
    const fences = (texts.get('markdown') ?? '').split('\n').filter((line) => /^ {0,3}```/.test(line));
    expect(fences).toEqual(['```text', '```']);
  });

  test('a recording has no step that did not happen', () => {
    const saved = texts.get('wire') ?? '';
    expect(saved).not.toMatch(/^-- reset/m);
    // a reply of several lines is several lines
    if (!/reply|connection/.test(name)) expect(saved).not.toMatch(/^S: 250 mine/m);
    expect(() => eventsOf(saved)).not.toThrow();
  });

  test('what is explained stays on lines of its own', () => {
    if (!/reply|connection/.test(name)) expect(texts.get('arrows') ?? '').not.toMatch(/^-- reset/m);
  });
});
