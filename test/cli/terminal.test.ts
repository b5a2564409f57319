/** `plainwire connect` and `plainwire listen` as a person meets them: on a terminal, key by key. */
import { describe, expect, test } from 'vitest';
import { listening } from './live.ts';
import { folder, plainwire } from './plainwire.ts';
import { NO_TERMINAL, Screen } from './tmux.ts';

if (NO_TERMINAL !== undefined) console.warn(`SKIPPED: the tests on a terminal, because ${NO_TERMINAL}`);
const onTerminal = describe.skipIf(NO_TERMINAL !== undefined);
const because = NO_TERMINAL === undefined ? '' : `, SKIPPED because ${NO_TERMINAL}`;

onTerminal(`connect on a terminal${because}`, () => {
  test('a mail by hand, with hints, editing, history and explanations', async () => {
    await using dir = await folder();
    await using server = await listening(['--as', 'smtp'], { cwd: dir.path });
    await using screen = await Screen.plainwire(['connect', '127.0.0.1', `${server.port}`, '--explain'], dir.path);
    await screen.shows(
      '<-- 220 localhost ESMTP plainwire\n      220: The server is there and ready. [RFC 5321 section 3.1]',
    );
    // nothing typed: all that could be said
    await screen.press('Tab');
    await screen.shows(/^ {4}EHLO \S+ +The client says its name and asks/m);
    // begun: the one way on
    await screen.type('eh');
    await screen.press('Tab');
    await screen.shows(/^--> EHLO \S+$/m);
    await screen.press('C-u');
    await screen.type('EHLX');
    await screen.press('BSpace');
    await screen.say('O me.example');
    await screen.shows('<-- 250 SIZE 26214400');
    await screen.say('NOOP');
    await screen.shows('<-- 250 2.0.0 I am here');
    await screen.press('Up', 'Up');
    await screen.shows(/^--> EHLO me\.example$/m);
    await screen.press('C-u');
    for (const line of ['MAIL FROM:<a@b.example>', 'RCPT TO:<c@d.example>', 'DATA']) await screen.say(line);
    await screen.shows('<-- 354');
    await screen.press('Tab');
    await screen.shows(/^ {4}\. +A dot alone on its line ends the message\.$/m);
    for (const line of ['Subject: hi', '', 'hello', '.', 'QUIT']) await screen.say(line);
    await screen.shows('<-- 250 2.0.0 Message queued as 1');
    const text = await screen.shows('=== the server has closed the connection\nexit code 0');
    // what is typed while replies come stays in its line
    expect(text).toMatch(/^--> MAIL FROM:<a@b\.example>$/m);
    await server.hears('1.eml: 22 bytes from a@b.example to c@d.example');
  });

  test('STARTTLS before the person has their turn', async () => {
    await using dir = await folder();
    await using server = await listening(['--as', 'smtp', '--starttls', '--save-cert', 'ca.pem'], { cwd: dir.path });
    const args = ['connect', 'localhost', `${server.port}`, '--starttls', 'smtp', '--ca', 'ca.pem'];
    await using screen = await Screen.plainwire(args, dir.path);
    const text = await screen.shows(/^=== TLSv1\.3, .*verified$/m);
    expect(text).toMatch(/^--> EHLO \S+$/m);
    expect(text).toMatch(/^--> STARTTLS$/m);
    await screen.say('EHLO again');
    await screen.shows('<-- 250-AUTH PLAIN LOGIN');
    await screen.press('C-d');
    await screen.shows(/^exit code 0$/m);
  });

  test('what is typed stays while replies come; Ctrl-C leaves', async () => {
    await using dir = await folder();
    await using server = await listening([]);
    await using screen = await Screen.plainwire(['connect', `127.0.0.1:${server.port}`], dir.path);
    await server.hears('connected');
    await screen.type('half a li');
    await screen.shows('--> half a li');
    server.type('something in between', '\u001b[2Jand something bad');
    await screen.shows('<-- something in between\n<-- \\x1b[2Jand something bad\n--> half a li');
    await screen.say('ne');
    await server.hears('1 <-- half a line\n');
    await screen.press('C-c');
    await screen.shows(/^plainwire: interrupted\nexit code 130$/m);
  });

  test('a line that waits for a reply says so', async () => {
    await using dir = await folder();
    await using server = await listening([]);
    const args = ['connect', `127.0.0.1:${server.port}`, '--protocol', 'smtp'];
    await using screen = await Screen.plainwire(args, dir.path);
    await server.hears('connected');
    await screen.say('EHLO me');
    await screen.shows('=== this waits until the server has answered what was said before');
    server.type('220 here');
    await server.hears('1 <-- EHLO me\n');
  });

  test('a page by hand', async () => {
    await using dir = await folder();
    await using server = await listening(['--as', 'http']);
    await using screen = await Screen.plainwire(['connect', `127.0.0.1:${server.port}`], dir.path);
    await screen.shows('=== connected to');
    await screen.type('g');
    await screen.press('Tab');
    await screen.shows('--> GET / HTTP/1.0');
    await screen.press('Enter');
    await screen.press('Tab');
    await screen.shows(/^ {4}Host: 127\.0\.0\.1 +Which site is meant/m);
    await screen.press('Enter');
    await screen.shows(/^<-- HTTP\/1\.0 200 OK$[\s\S]*^<-- <\/html>$[\s\S]*^exit code 0$/m);
  });
});

onTerminal(`listen on a terminal${because}`, () => {
  test('S10: client lines appear, typed lines go back, bye ends; one of several in focus', async () => {
    await using dir = await folder();
    await using screen = await Screen.plainwire(['listen', '0', '--explain'], dir.path);
    const [, port] = /listening on \S+:(\d+)/.exec(await screen.shows(/listening on \S+:\d+/)) ?? [];
    await screen.say('hello?');
    await screen.shows('nobody is there');
    const one = plainwire(['connect', `127.0.0.1:${port}`], { input: 'GET / HTTP/1.0\n\n' });
    await screen.shows(/^1 <-- GET \/ HTTP\/1\.0\n {6}GET: Asks for the resource itself\./m);
    await screen.shows(/^1 -->$/m);
    const two = plainwire(['connect', `127.0.0.1:${port}`], { input: 'I am two\n' });
    await screen.shows('2 <-- I am two');
    await screen.say('HTTP/1.0 200 OK');
    await screen.shows(/^1 --> HTTP\/1\.0 200 OK\n {6}200: OK: the body is what was asked for\./m);
    await screen.say('');
    await screen.say('/2');
    await screen.shows(/^2 -->$/m);
    await screen.say('for two');
    await screen.say('bye');
    await screen.shows(/^2 === .*$[\s\S]*^1 -->$/m);
    expect(await two).toMatchObject({ code: 0, stdout: 'for two\r\n' });
    await screen.say('<h1>by hand</h1>');
    await screen.say('bye');
    expect(await one).toMatchObject({ code: 0, stdout: 'HTTP/1.0 200 OK\r\n\r\n<h1>by hand</h1>\r\n' });
    await screen.press('C-c');
    const text = await screen.shows(/^exit code 0$/m);
    // what was typed is shown once
    expect(text.match(/for two$/gm)).toHaveLength(1);
  });

  test('a server that answers by itself ends with Ctrl-C, in peace', async () => {
    await using dir = await folder();
    await using screen = await Screen.plainwire(['listen', '0', '--as', 'echo'], dir.path);
    await screen.shows(/listening on \S+:\d+/);
    await screen.press('C-c');
    await screen.shows(/^\^?C?exit code 0$/m);
  });
});
