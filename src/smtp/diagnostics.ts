/**
 * Events for whoever watches the process (`node:diagnostics_channel`), published only where somebody has subscribed:
 * `plainwire:smtp:connect` { remote, capabilities }, `plainwire:smtp:delivery` { delivery },
 * `plainwire:smtp:error` { error, messageId }.
 */
import { channel } from 'node:diagnostics_channel';

export const channels = {
  connect: channel('plainwire:smtp:connect'),
  delivery: channel('plainwire:smtp:delivery'),
  error: channel('plainwire:smtp:error'),
} as const;
