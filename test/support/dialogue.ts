/** Plays one session against a connection of the test's own, with the driver and nothing around it. */
import { compose, type Message, type MessageInit } from '../../src/mime/index.ts';
import type { Delivery } from '../../src/smtp/delivery.ts';
import { Driver } from '../../src/smtp/driver.ts';
import { quit } from '../../src/smtp/opening.ts';
import { type Settings, type SmtpOptions, settingsOf } from '../../src/smtp/options.ts';
import type { SendOptions } from '../../src/smtp/send-options.ts';
import { beginTransaction, sizeOf } from '../../src/smtp/sending.ts';
import type { Connection } from '../../src/transport/index.ts';

export const ADDRESSES = { from: 'ann@example.com', to: ['bob@example.com'] } as const;

export function settings(options: SmtpOptions = {}): Settings {
  const place = 'domain' in options || 'path' in options || 'host' in options ? {} : { host: 'mail.example.com' };
  return settingsOf({ ...place, security: 'none', name: 'client.example', timeouts: 5_000, ...options });
}

/** A message with these very lines. */
export function raw(
  content: string | Uint8Array | AsyncIterable<Uint8Array>,
  to: readonly string[] = ['bob@example.com'],
): Message {
  return compose({ envelope: { from: 'ann@example.com', to: [...to] }, raw: content });
}

export function message(init: Partial<MessageInit> = {}): Message {
  return compose({ from: 'ann@example.com', to: 'bob@example.com', subject: 'Hello', text: 'Hi.\r\n', ...init });
}

export type Outcome =
  | { readonly delivery: Delivery; readonly error?: undefined }
  | { readonly error: unknown; readonly delivery?: undefined };

/** Begins a message where the driver is free. */
export async function send(driver: Driver, what: Message, options: SendOptions = {}): Promise<Outcome> {
  return begin(driver, what, options, await sizeOf(what));
}

function begin(driver: Driver, what: Message, options: SendOptions, size: number | undefined): Promise<Outcome> {
  return new Promise((resolve) => {
    beginTransaction(driver, what, options, size, performance.now(), (outcome) =>
      resolve(outcome.ok ? { delivery: outcome.value } : { error: outcome.error }),
    );
  });
}

/** Opens a session, sends each message as soon as the driver lets it, and says goodbye: what a pool of one does. */
export async function session(
  connection: Connection,
  options: SmtpOptions,
  messages: readonly { readonly message: Message; readonly options?: SendOptions }[],
): Promise<{ readonly opened: unknown; readonly outcomes: readonly (Outcome | undefined)[] }> {
  let driver: Driver;
  try {
    driver = await Driver.open(connection, settings(options));
  } catch (error) {
    return { opened: error, outcomes: [] };
  }
  const outcomes: (Outcome | undefined)[] = messages.map(() => undefined);
  const sizes = await Promise.all(messages.map((each) => sizeOf(each.message)));
  const running = new Set<Promise<unknown>>();
  let next = 0;
  let progress = (): void => {};
  driver.events = { onProgress: () => progress(), onClosed: () => progress() };
  while (next < messages.length && !driver.isOver) {
    const each = messages[next];
    if (each === undefined) break;
    if (!driver.isFree) {
      await new Promise<void>((resolve) => (progress = resolve));
      continue;
    }
    const at = next;
    next += 1;
    running.add(begin(driver, each.message, each.options ?? {}, sizes[at]).then((outcome) => (outcomes[at] = outcome)));
  }
  await Promise.all(running);
  if (!driver.isOver) await driver.perform(quit()).catch(() => {});
  await driver.connection.close();
  return { opened: undefined, outcomes };
}
