/** The version, as package.json has it; read where it is, two folders up from here and from dist/cli alike. */
import { readFileSync } from 'node:fs';

const manifest: { version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

export const version = manifest.version;
