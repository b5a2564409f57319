import { assemble, checkFields, type RenderedBody, renderBody } from './compose.ts';
import { checkOptions } from './compose-options.ts';
import { isGiven } from './given.ts';
import type { Message } from './message.ts';
import type { ComposeOptions, MessageInit } from './message-init.ts';
import { PartCache } from './part-cache.ts';
import { composeRaw } from './raw-message.ts';
import { structure } from './structure.ts';

/** One letter for many: what every message has in common is encoded once. */
export interface Template {
  /** The message with these fields in place of the template's; only what they change is made anew. */
  compose(changes: MessageInit): Message;
}

/** The fields that the header says alone; all others shape the body. */
const HEADER_FIELDS: ReadonlySet<string> = new Set<keyof MessageInit>([
  'from',
  'sender',
  'to',
  'cc',
  'bcc',
  'replyTo',
  'subject',
  'date',
  'timeZone',
  'messageId',
  'inReplyTo',
  'references',
  'headers',
  'list',
  'priority',
  'xMailer',
  'otp',
  'autoSubmitted',
  'dispositionNotificationTo',
  'envelope',
  'dkim',
]);

/** The fields that are content: to change one leaves the parts made of the others as they are. */
const CONTENT_FIELDS: ReadonlySet<string> = new Set<keyof MessageInit>([
  'text',
  'html',
  'watchHtml',
  'amp',
  'icalEvent',
  'calendar',
  'alternatives',
  'attachments',
]);

/** Makes a template. Its attachments are encoded at once, so it takes memory for them; files and streams are not. */
export function template(init: MessageInit, options: ComposeOptions = {}): Template {
  checkFields(init);
  checkOptions(options);
  const cache = new PartCache(init);
  let common: RenderedBody | undefined;
  return {
    compose(changes) {
      checkFields(changes);
      const whole = { ...init, ...changes };
      if (isGiven(whole.raw)) return composeRaw(whole, whole.raw);
      const changed = Object.keys(changes).filter((name) => !HEADER_FIELDS.has(name));
      const isContent = changed.every((name) => CONTENT_FIELDS.has(name));
      const render = (): RenderedBody =>
        renderBody(whole, options, (one, how) => structure(one, how, isContent ? cache : undefined));
      if (changed.length > 0) return assemble(whole, render);
      return assemble(whole, () => {
        common ??= render();
        return common;
      });
    },
  };
}
