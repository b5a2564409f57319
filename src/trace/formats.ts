/** The formats by name, as `--trace` takes them. */
import { arrows } from './arrows.ts';
import type { Trace } from './event.ts';
import { hex } from './hex.ts';
import { jsonLines } from './json.ts';
import { markdown } from './markdown.ts';
import { smtplib } from './smtplib.ts';
import { swaks } from './swaks.ts';
import type { TextOptions, Write } from './text.ts';
import { wire } from './wire.ts';

export type Format = (write: Write, options?: TextOptions) => Trace;

export const formats = { arrows, smtplib, swaks, json: jsonLines, hex, markdown, wire } satisfies Record<
  string,
  Format
>;

export type FormatName = keyof typeof formats;
