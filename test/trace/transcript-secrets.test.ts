/** Transcripts of other programs mark no secret: none is explained or drawn with one, however its lines are marked. */
import { describe, expect, test } from 'vitest';
import { explainTranscript } from '../../src/trace/explain/transcript.ts';
import { Picture } from '../../src/trace/picture/index.ts';
import { eventsOf } from '../../src/trace/recording.ts';
import { explanationLines } from '../../src/trace/text.ts';
import { secretsIn } from '../../src/trace/transcript-secrets.ts';

const PASS = 'correct-horse-7';
const USER = 'ada@example.com';
const b = (text: string): string => Buffer.from(text).toString('base64');
const plain = b(`\0${USER}\0${PASS}`);
const basic = b(`${USER}:${PASS}`);

const TRANSCRIPTS: Readonly<Record<string, string>> = {
  wire: `S: 220 a\nC: AUTH PLAIN ${plain}\nS: 535 5.7.8 bad ${plain}\n`,
  echoClear: `S: 220 a\nC: AUTH PLAIN ${plain}\nS: 535 5.7.8 bad ${PASS}\n`,
  nospace: `S:220 a\nC:AUTH PLAIN ${plain}\nS:535 no\n`,
  lower: `c: auth plain ${plain}\ns: 535 no\n`,
  arrows: `<-- [220 a]\n--> [AUTH PLAIN ${plain}]\n<-- [535 no]\n`,
  arrowsLogin: `<-- [220 a]\n--> [AUTH LOGIN]\n<-- [334 VXNlcm5hbWU6]\n--> [${b(USER)}]\n<-- [334 UGFzc3dvcmQ6]\n--> [${b(PASS)}]\n<-- [235 ok]\n`,
  swaks: `<-  220 a\n -> AUTH PLAIN ${plain}\n<** 535 no\n`,
  swaksTls: `<~  220 a\n ~> AUTH LOGIN\n<~  334 VXNlcm5hbWU6\n ~> ${b(USER)}\n<~  334 UGFzc3dvcmQ6\n ~> ${b(PASS)}\n<~* 535 no\n`,
  smtplib: `reply: '220 a\\r\\n'\nsend: 'AUTH PLAIN ${plain}\\r\\n'\nreply: '535 no\\r\\n'\n`,
  smtplibB: `reply: b'220 a\\r\\n'\nsend: 'AUTH PLAIN ${plain}\\r\\n'\nreply: b'535 no\\r\\n'\nreply: retcode (535); Msg: b'no ${plain}'\n`,
  smtplibLogin: `send: 'AUTH LOGIN ${b(USER)}\\r\\n'\nreply: b'334 UGFzc3dvcmQ6\\r\\n'\nreply: retcode (334); Msg: b'UGFzc3dvcmQ6'\nsend: '${b(PASS)}\\r\\n'\nreply: b'235 ok\\r\\n'\n`,
  curl: `> GET / HTTP/1.1\n> Host: a\n> Authorization: Basic ${basic}\n> \n< HTTP/1.1 200 OK\n< \n`,
  curlCookie: `> GET / HTTP/1.1\n> Host: a\n> Cookie: sid=${PASS}\n> \n< HTTP/1.1 200 OK\n< Set-Cookie: sid=${PASS}; Path=/\n< \n`,
  curlFact: `* Server auth using Basic with user '${USER}'\n> GET / HTTP/1.1\n> Proxy-Authorization: Bearer ${PASS}\n> \n< HTTP/1.1 200 OK\n`,
  plainHttp: `GET / HTTP/1.0\nAuthorization: Basic ${basic}\n\nHTTP/1.0 200 OK\nSet-Cookie: s=${PASS}\n\n`,
  httpNoScheme: `C: GET / HTTP/1.0\nC: Authorization: ${PASS}\nC: \nS: HTTP/1.0 200 OK\nS: \n`,
  httpNoSpace: `C: GET / HTTP/1.0\nC: Authorization:Basic ${basic}\nC: \nS: HTTP/1.0 200 OK\nS: \n`,
  httpTab: `C: GET / HTTP/1.0\nC: Authorization:\tBasic\t${basic}\nC: \nS: HTTP/1.0 200 OK\nS: \n`,
  httpFold: `C: GET / HTTP/1.0\nC: Authorization: Basic\nC:  ${basic}\nC: \nS: HTTP/1.0 200 OK\nS: \n`,
  location: `C: GET / HTTP/1.0\nC: \nS: HTTP/1.0 302 x\nS: Location: http://u:${PASS}@h/\nS: \n`,
  userinfo: `C: GET http://u:${PASS}@h/ HTTP/1.0\nC: \nS: HTTP/1.0 200 x\nS: \n`,
  stamped: `12:00:01 C: AUTH PLAIN ${plain}\n12:00:02 S: 535 no\n`,
  phpmailer: `2026-01-01 00:00:00 CLIENT -> SERVER: AUTH LOGIN\n2026-01-01 00:00:00 SERVER -> CLIENT: 334 VXNlcm5hbWU6\n2026-01-01 00:00:00 CLIENT -> SERVER: ${b(USER)}\n2026-01-01 00:00:00 SERVER -> CLIENT: 334 UGFzc3dvcmQ6\n2026-01-01 00:00:00 CLIENT -> SERVER: ${b(PASS)}\n2026-01-01 00:00:00 SERVER -> CLIENT: 235 ok\n`,
  telnet: `220 a\nAUTH LOGIN\n334 VXNlcm5hbWU6\n${b(USER)}\n334 UGFzc3dvcmQ6\n${b(PASS)}\n235 ok\n`,
  pipelinedLogin: `C: AUTH LOGIN\nC: ${b(USER)}\nC: ${b(PASS)}\nS: 334 VXNlcm5hbWU6\nS: 334 UGFzc3dvcmQ6\nS: 235 ok\n`,
  crlf: `S: 220 a\r\nC: AUTH PLAIN ${plain}\r\nS: 535 no\r\n`,
  indented: `    S: 220 a\n    C: AUTH PLAIN ${plain}\n    S: 535 no\n`,
  quoted: `> S: 220 a\n> C: AUTH PLAIN ${plain}\n> S: 535 no\n`,
  bold: `**C:** AUTH PLAIN ${plain}\n**S:** 535 no\n`,
  json: `{"kind":"sent","text":"AUTH PLAIN ${plain}\\r\\n"}\n`,
  nodemailer: `[2026-01-01 00:00:00] DEBUG [abc] C: AUTH PLAIN ${plain}\n[2026-01-01 00:00:00] DEBUG [abc] S: 235 ok\n`,
  openssl: `250 AUTH PLAIN\nauth plain ${plain}\n235 ok\n`,
  multiPlain: `S: 220 a\nC: AUTH PLAIN\nS: 334 \nC: ${plain}\nS: 235 ok\n`,
  tab: `S: 220 a\nC: AUTH\tPLAIN\t${plain}\nS: 235 ok\n`,
  lead: `S: 220 a\nC:  AUTH PLAIN ${plain}\nS: 235 ok\n`,
};

test.each(Object.entries(TRANSCRIPTS))('%s', (_name, transcript) => {
  const explained = explainTranscript(transcript).flatMap(({ text, explanation }) => [
    text,
    ...(explanation === undefined ? [] : explanationLines(explanation)),
  ]);
  const picture = new Picture();
  for (const event of eventsOf(transcript)) picture.trace(event);
  for (const shown of [explained.join('\n'), picture.html(), picture.svg()]) {
    for (const secret of [PASS, plain, basic, b(PASS)]) expect(shown).not.toContain(secret);
  }
  expect(explained.join('\n')).toMatch(/<secret, \d+ bytes>/);
});

describe('what is no secret stays', () => {
  test.each([
    ['the mechanisms of EHLO', '250-AUTH PLAIN LOGIN NTLM EXTERNAL\n250-AUTH=LOGIN PLAIN\n250 AUTH LOGIN NTLM\n'],
    ['the same in a message of smtplib', 'reply: retcode (250); Msg: a\nAUTH LOGIN NTLM\n'],
    ['a short setting in a cookie', 'GET / HTTP/1.0\nCookie: theme=dark; lang=en\n\nHTTP/1.0 200 OK\n'],
    [
      'what is hidden already',
      'C: AUTH PLAIN <secret, 24 bytes>\nC~ ^AUTH PLAIN .+$\nC: Authorization: Basic <secret, 4 bytes>\n',
    ],
    ['an address that is no login', 'S: 220 a\nC: EHLO http://a.example/b@c\nC: MAIL FROM:<a@b.example>\n'],
    ['a login that is given up', 'C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: *\nS: 501 no\nC: QUIT\n'],
  ])('%s', (_name, transcript) => {
    expect(secretsIn(transcript).isEmpty).toBe(true);
  });

  test('the name of the user is told', () => {
    const [line] = explainTranscript(`C: AUTH PLAIN ${plain}\nS: 235 Hello ${USER}\n`);
    expect(JSON.stringify(line)).toContain(`"user name","means":"${USER}"`);
  });
});
