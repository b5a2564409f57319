/**
 * Events for whoever watches the process (`node:diagnostics_channel`), published only where somebody has subscribed:
 * `plainwire:smtp:connect` { remote, capabilities }, `plainwire:smtp:dialogue` { event } for all that a trace would get,
 * `plainwire:smtp:delivery` { delivery }, `plainwire:smtp:error` { error, messageId }.
 */
import { channel } from 'node:diagnostics_channel';
import type { Trace } from '../trace/event.ts';

export const channels = {
  connect: channel('plainwire:smtp:connect'),
  dialogue: channel('plainwire:smtp:dialogue'),
  delivery: channel('plainwire:smtp:delivery'),
  error: channel('plainwire:smtp:error'),
} as const;

/** The caller's trace, and the channel's beside it where somebody listens when the connection is made. */
export function traceWithChannel(trace: Trace | undefined): Trace | undefined {
  if (!channels.dialogue.hasSubscribers) return trace;
  return (event) => {
    channels.dialogue.publish({ event });
    trace?.(event);
  };
}
