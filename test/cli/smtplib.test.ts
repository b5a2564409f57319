/** S4 to the letter: Python's own smtplib and ours send the same message, and their debug output is the same. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, plainwire } from './plainwire.ts';
import { scriptedServer } from './servers.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;

const REPLIES = [
  '220 a.example ESMTP\n',
  "250-a.example\n250-PIPELINING\n250-SIZE 20480000\n250-8BITMIME\n250 X-QUOTE it's\n",
  '250 2.1.0 Ok\n',
  '250 2.1.5 Ok\n',
  '354 End data with <CR><LF>.<CR><LF>\n',
  '250-2.0.0 Ok\n250 2.0.0 queued as "63412114203"\n',
  '221 2.0.0 Bye\n',
];

const MAIL = `From: a@b.example
To: c@d.example
Subject: it's "quoted"
Date: Sat, 21 Nov 2026 12:00:00 +0000
Message-ID: <m@b.example>

a tab\tand a backslash \\
.dots
`;

const PROGRAM = `
import smtplib, sys
server = smtplib.SMTP(local_hostname='client.example')
server.set_debuglevel(1)
server.connect('127.0.0.1', int(sys.argv[1]))
server.sendmail('a@b.example', 'c@d.example', sys.stdin.read())
server.quit()
`;

/** Python 3 shows bytes with a \`b\` before them, and the message of a reply as a literal; Python 2 did neither. */
function asPython2(output: string): string {
  return output
    .split('\n')
    .filter((line) => !line.startsWith('connect:'))
    .map((line) =>
      line
        .replace(/^(send: |reply: |data: \(\d+, )b(?=['"])/, '$1')
        .replace(
          /Msg: b(['"])(.*)\1$/,
          (_all, _quote, text: string) => `Msg: ${text.replaceAll('\\n', '\n').replaceAll("\\'", "'")}`,
        ),
    )
    .join('\n');
}

test.skipIf(!hasPython)('what --trace smtplib writes is what smtplib writes', async () => {
  await using dir = await folder();
  await using theirs = await scriptedServer(REPLIES);
  const python = spawn('python3', ['-c', PROGRAM, String(theirs.port)]);
  python.stdin.end(MAIL);
  let debug = '';
  python.stderr.on('data', (text) => (debug += text));
  expect(await new Promise((resolve) => python.on('close', resolve)), debug).toBe(0);

  await using ours = await scriptedServer(REPLIES);
  await writeFile(join(dir.path, 'infos.txt'), `127.0.0.1:${ours.port}, a@b.example, c@d.example\n${MAIL}`);
  const ran = await plainwire(['send', join(dir.path, 'infos.txt'), '--trace', 'smtplib', '--name', 'client.example']);
  expect(ran.code).toBe(0);
  expect(ran.stderr).toBe(asPython2(debug));
  expect(ours.heard.at(-2)).toEqual(theirs.heard.at(-2));
});
