import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { serve } from './server.ts';

const run = promisify(execFile);
const built = (name: string): string => new URL(`../../dist/http/${name}`, import.meta.url).href;

// what is loaded late is looked for in another way in each format
test.each([
  ['module', (code: string) => `import { fetchPage } from '${built('index.js')}'; ${code}`],
  [
    'commonjs',
    (code: string) => `const { fetchPage } = require(${JSON.stringify(fileURLToPath(built('index.cjs')))}); ${code}`,
  ],
] as const)('as %s the built package finds the encoding that a page names', async (type, program) => {
  await using server = await serve((socket) =>
    socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<meta charset=koi8-r>\xc1', 'latin1'),
  );
  const code = program(`fetchPage('${server.url}').then((page) => console.log(page.text()))`);
  const { stdout } = await run(process.execPath, [`--input-type=${type}`, '-e', code]);
  expect(stdout).toBe('<meta charset=koi8-r>а\n');
});
