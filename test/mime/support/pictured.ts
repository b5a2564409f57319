import { deflateSync } from 'node:zlib';
import { compose, type Message } from '../../../src/mime/index.ts';

/** A message, and what must be seen when it is shown. */
export interface Pictured {
  readonly name: string;
  readonly message: () => Message;
  readonly words: readonly string[];
  /** The width of each image. */
  readonly images: readonly number[];
}

const DATE = new Date(Date.UTC(2026, 10, 21, 9, 30));

/** A PNG of one bar for each number, drawn here so that no file is needed. */
function bars(heights: readonly number[], [red, green, blue]: readonly [number, number, number]): Buffer {
  const [width, height] = [heights.length * 40, 120];
  const rows = Buffer.alloc((width * 3 + 1) * height, 0xff);
  for (let y = 0; y < height; y++) {
    const row = y * (width * 3 + 1);
    rows[row] = 0;
    for (let x = 0; x < width; x++) {
      const isBar = x % 40 > 5 && x % 40 < 35 && height - y <= (heights[Math.floor(x / 40)] ?? 0);
      if (isBar) rows.set([red, green, blue], row + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(named.length + 8);
  out.writeUInt32BE(data.length, 0);
  named.copy(out, 4);
  out.writeUInt32BE(crc32(named), named.length + 4);
  return out;
}

function crc32(octets: Uint8Array): number {
  let crc = 0xffffffff;
  for (const octet of octets) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const CHART = bars([35, 60, 48, 90, 110], [38, 98, 160]);
const LOGO = bars([30, 60, 90], [200, 90, 40]);

function report(): Message {
  return compose({
    from: { name: 'Müller & Søn, Buchhaltung', address: 'zahlen@example.com' },
    to: ['Zoë Ångström <zoe@example.org>', { name: "O'Neil, Pat", address: 'pat@example.org' }],
    cc: 'Board: Ann <ann@example.org>, bo@example.org;',
    subject:
      'Quartalszahlen: Umsatz 1 250 000 €, „besser als gedacht“ – mit Anlagen, die jeder noch vor dem Montag lesen sollte',
    date: DATE,
    text: 'Umsatz: 1 250 000 €. Die Anlagen haben die Einzelheiten.\n',
    html:
      '<h2 style="margin-top:0">Guten Tag,</h2><p>der Umsatz ist auf <b>1 250 000 €</b> gestiegen:</p>' +
      '<p><img src="cid:chart" alt="Umsatz"></p>' +
      `<p>Dieses Bild stand als data:-URI im HTML: <img src="data:image/png;base64,${LOGO.toString('base64')}" height="40"></p>` +
      '<p>Mit freundlichen Grüßen<br>Jürgen Müller</p>',
    attachDataUrls: true,
    attachments: [
      { filename: 'chart.png', content: CHART, cid: 'chart' },
      { filename: 'Übersicht „Q3“.csv', content: 'Monat;€\nJuli;410000\n' },
      {
        filename: 'Geschäftsbericht 2026, mit einem Namen, der für eine Zeile im Kopf zu lang ist.pdf',
        content: Buffer.alloc(48_123, 1),
      },
    ],
  });
}

function invitation(): Message {
  return compose({
    from: 'Ada Lovelace <ada@example.com>',
    to: 'grace@example.org',
    replyTo: 'Büro <buero@example.com>',
    subject: 'Invitation: a walk along the wire',
    date: DATE,
    text: 'Monday, 10:00, at the old telegraph office.\n',
    html: '<p>Dear Grace,</p><p>shall we meet on <b>Monday at 10:00</b> at the old telegraph office?</p><p>Ada</p>',
    icalEvent: {
      method: 'REQUEST',
      content:
        'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//plainwire//suite//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n' +
        'UID:1@example.com\r\nDTSTAMP:20261121T093000Z\r\nDTSTART:20261123T100000Z\r\nDTEND:20261123T110000Z\r\n' +
        'SUMMARY:A walk along the wire\r\nORGANIZER:mailto:ada@example.com\r\nATTENDEE:mailto:grace@example.org\r\n' +
        'END:VEVENT\r\nEND:VCALENDAR\r\n',
    },
  });
}

function forwarded(): Message {
  return compose({
    from: { name: 'Иван "Vanya" Петров (support)', address: 'ivan@example.com' },
    to: 'Ελένη Παπαδοπούλου <eleni@bücher.example>',
    subject: 'Fwd: résumé, naïveté, Ærøskøbing, Łódź, Ñandú, Čeština',
    date: DATE,
    flowed: true,
    text:
      'Dear Eleni,\n\nthe message of this morning is attached as it came: not encoded again, with its own attachment in it. ' +
      'This paragraph is one long line that format=flowed has broken, so that it can be joined again by a reader who ' +
      'has a window of another width.\n\n> A quoted line stays one.\n\nFrom the desk of\n.\n-- \nIvan\n',
    attachments: [{ filename: 'this-morning.eml', content: invitation() }],
  });
}

export const PICTURED: readonly Pictured[] = [
  {
    name: 'report',
    message: report,
    words: [
      'Quartalszahlen: Umsatz 1 250 000 €, „besser als gedacht“ – mit Anlagen',
      'Müller & Søn, Buchhaltung <zahlen@example.com>',
      "Zoë Ångström <zoe@example.org>, O'Neil, Pat <pat@example.org>",
      'Board: Ann <ann@example.org>, bo@example.org',
      'Mit freundlichen Grüßen',
      'Übersicht „Q3“.csv',
      'Geschäftsbericht 2026, mit einem Namen, der für eine Zeile im Kopf zu lang ist.pdf',
      '48,123 octets',
    ],
    images: [200, 120],
  },
  {
    name: 'invitation',
    message: invitation,
    words: [
      'Invitation: a walk along the wire',
      'Büro <buero@example.com>',
      'Monday at 10:00',
      'invite.ics',
      'application/ics',
    ],
    images: [],
  },
  {
    name: 'forwarded',
    message: forwarded,
    words: [
      'Иван "Vanya" Петров (support) <ivan@example.com>',
      'Ελένη Παπαδοπούλου <eleni@xn--bcher-kva.example>',
      'Fwd: résumé, naïveté, Ærøskøbing, Łódź, Ñandú, Čeština',
      'From the desk of',
      'this-morning.eml',
      'message/rfc822',
    ],
    images: [],
  },
];
