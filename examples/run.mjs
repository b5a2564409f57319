/** `npm run example NAME [args]`: runs a program of this folder; without a name, says which there are. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.mjs') && !['run.mjs', 'support.mjs'].includes(name))
  .map((name) => name.slice(0, -'.mjs'.length));

const [name, ...args] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  // to ask which there are is no mistake
  const say = name === undefined ? console.log : console.error;
  if (name !== undefined) say(`there is no example '${name}'`);
  say('usage: npm run example NAME [args]\n');
  for (const each of names) say(`  ${each.padEnd(15)} ${firstLine(each)}`);
  process.exit(name === undefined ? 0 : 2);
}
if (!existsSync(`${folder}../dist/transport/index.js`)) {
  console.error('the examples run on the built package: npm run build');
  process.exit(2);
}

// the program sees its own arguments, as if it had been started by itself
process.argv = [process.argv[0], `${folder}${name}.mjs`, ...args];
try {
  await import(`./${name}.mjs`);
} catch (error) {
  const { PlainwireError } = await import('plainwire');
  // what the network does is not a bug of the program: a line says it all
  if (!(error instanceof PlainwireError)) throw error;
  console.error(`${error.message} (${error.code})`);
  // an open socket, or a keyboard that is waited for, holds nothing up any more
  process.exit(1);
}

function firstLine(each) {
  return /^\/\*\* ?\n? ?\*? ?(.*?)(?: \*\/)?$/m.exec(readFileSync(`${folder}${each}.mjs`, 'utf8'))?.[1] ?? '';
}
