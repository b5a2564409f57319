import { MessageError } from '../errors.ts';
import { excerpt } from './lexer.ts';

/** Dates as RFC 5322 section 3.3 writes them: `Sat, 21 Nov 2026 11:41:36 +0000`. */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MINUTE = 60_000;
/** A zone at the end of a date text: `Z`, `+02:00`, `-0500`. */
const OFFSET = /(?:([+-])(\d\d):?(\d\d)|Z|GMT|UTC)(?:\s*\([^()]*\))?\s*$/;

/**
 * Where the clock of a date stands: UTC, the zone of this process, minutes east of Greenwich, or a zone by its name in
 * the IANA database, `'Europe/Berlin'`.
 */
export type Zone = 'utc' | 'local' | number | (string & {});

let second = Number.NaN;
let secondText = '';

/** The date of now in UTC; made once a second. */
export function dateOfNow(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    secondText = formatDate(new Date(now * 1000), 'utc');
  }
  return secondText;
}

export function formatDate(date: Date, zone: Zone): string {
  const offset = zone === 'utc' ? 0 : offsetOf(date, zone);
  const shifted = new Date(date.getTime() + offset * MINUTE);
  const day = `${DAYS[shifted.getUTCDay()]}, ${two(shifted.getUTCDate())} ${MONTHS[shifted.getUTCMonth()]}`;
  const year = String(shifted.getUTCFullYear()).padStart(4, '0');
  const time = `${two(shifted.getUTCHours())}:${two(shifted.getUTCMinutes())}:${two(shifted.getUTCSeconds())}`;
  const east = Math.abs(offset);
  return `${day} ${year} ${time} ${offset < 0 ? '-' : '+'}${two(Math.floor(east / 60))}${two(east % 60)}`;
}

/** Minutes east of Greenwich at that time. */
function offsetOf(date: Date, zone: Zone): number {
  if (typeof zone === 'number') return zone;
  if (zone === 'local') return -date.getTimezoneOffset();
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(namedZone(zone).format(date)) ?? [];
  return (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -1 : 1);
}

const zones = new Map<string, Intl.DateTimeFormat>();
const MAX_ZONES = 64;

/** What says the offset of a zone, `11/21/2026, GMT+01:00`; to make one takes longer than to compose a message. */
function namedZone(name: string): Intl.DateTimeFormat {
  let zone = zones.get(name);
  if (zone === undefined) {
    try {
      zone = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    } catch {
      throw new MessageError('BAD_INPUT', 'timeZone', `${excerpt(name)} is no zone that is known here`);
    }
    if (zones.size >= MAX_ZONES) zones.clear();
    zones.set(name, zone);
  }
  return zone;
}

/** Throws unless it is a zone. */
export function checkZone(zone: Zone): void {
  if (typeof zone === 'number') {
    if (Number.isInteger(zone) && Math.abs(zone) < 24 * 60) return;
  } else if (zone === 'utc' || zone === 'local') return;
  else if (typeof zone === 'string') {
    namedZone(zone);
    return;
  }
  throw new MessageError(
    'BAD_INPUT',
    'timeZone',
    "is neither 'utc', 'local', the name of a zone nor minutes east of Greenwich",
  );
}

/** The caller's `date`: a Date, milliseconds, or a text, which keeps the zone that it names. */
export function dateField(input: Date | string | number, zone: Zone): string {
  if (typeof input !== 'string' && typeof input !== 'number' && !(input instanceof Date)) {
    throw new MessageError('BAD_INPUT', 'date', 'is neither a Date nor a text nor a number of milliseconds');
  }
  const date = input instanceof Date ? input : new Date(input);
  const year = date.getUTCFullYear();
  // RFC 5322 section 3.3: four digits, 1900 or later. (NaN is in no range.)
  if (!(year >= 1900 && year <= 9998)) {
    throw new MessageError('BAD_INPUT', 'date', `${String(input).slice(0, 60)} is not a date that mail can carry`);
  }
  return formatDate(date, typeof input === 'string' ? zoneOfText(input, zone) : zone);
}

function zoneOfText(text: string, zone: Zone): Zone {
  const match = OFFSET.exec(text);
  if (match === null) return zone;
  const [, sign, hours, minutes] = match;
  if (sign === undefined) return 0;
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
