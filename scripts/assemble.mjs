/**
 * Assembles src/mime/base64-lines.wat, and writes what comes of it as a module that needs no file at run time.
 *
 *   npm run assemble
 */
import { readFile, writeFile } from 'node:fs/promises';
import wabt from 'wabt';

const folder = new URL('../src/mime/', import.meta.url);

/** The module, as a WebAssembly binary. */
export async function assemble() {
  const text = await readFile(new URL('base64-lines.wat', folder), 'utf8');
  const { parseWat } = await wabt();
  const module = parseWat('base64-lines.wat', text, { simd: true });
  const { buffer } = module.toBinary({});
  module.destroy();
  return Buffer.from(buffer);
}

if (process.argv[1] === import.meta.filename) {
  const binary = await assemble();
  await writeFile(
    new URL('base64-lines.wasm.ts', folder),
    `/** base64-lines.wat, assembled by \`npm run assemble\`. */\nexport const BASE64_LINES =\n  '${binary.toString('base64')}';\n`,
  );
}
