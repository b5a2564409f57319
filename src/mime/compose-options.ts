import { MessageError } from '../errors.ts';
import type { Access, ComposeOptions } from './message-init.ts';
import { refuseUnknown } from './nearest.ts';

const OPTIONS: ReadonlySet<string> = new Set<keyof ComposeOptions>(['access', 'fetch', 'way', 'htmlToText', 'wrap']);
const ACCESS: ReadonlySet<string> = new Set<keyof Access>(['files', 'urls']);

/** Checks the program's own settings: a slip of the pen in `access` must not leave a door open. */
export function checkOptions(options: ComposeOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new MessageError('BAD_INPUT', 'options', 'is not an object');
  for (const name in options) if (!OPTIONS.has(name)) refuseUnknown(name, OPTIONS, `options.${name}`);
  const { access, way } = options;
  if (way !== undefined && way !== '7bit' && way !== '8bit' && way !== 'binary') {
    throw new MessageError('BAD_INPUT', 'options.way', 'is neither "7bit", "8bit" nor "binary"');
  }
  for (const name of ['fetch', 'htmlToText', 'wrap'] as const) {
    if (options[name] === undefined || typeof options[name] === 'function') continue;
    throw new MessageError('BAD_INPUT', `options.${name}`, 'is not a function');
  }
  if (access === undefined) return;
  if (typeof access !== 'object' || access === null) {
    throw new MessageError('BAD_INPUT', 'options.access', 'is not an object');
  }
  for (const name in access) if (!ACCESS.has(name)) refuseUnknown(name, ACCESS, `options.access.${name}`);
  const { files, urls } = access;
  if (files !== undefined && typeof files !== 'boolean' && !(typeof files === 'string' && files !== '')) {
    throw new MessageError('BAD_INPUT', 'options.access.files', 'is neither true, false nor a folder');
  }
  if (urls !== undefined && typeof urls !== 'boolean') {
    throw new MessageError('BAD_INPUT', 'options.access.urls', 'is neither true nor false');
  }
}
