import { defineConfig } from 'tsup';

const layers = ['smtp', 'mime', 'http', 'transport', 'trace'];
const entry = Object.fromEntries([
  ['index', 'src/index.ts'],
  ...layers.map((layer) => [`${layer}/index`, `src/${layer}/index.ts`]),
]);

// Shared chunks in both formats: a class imported by two subpaths must be one class, or instanceof lies.
// The shims make import.meta.url, which CommonJS does not have: what is loaded late is looked for from there.
const shared = { target: 'node20', platform: 'node', splitting: true, sourcemap: true, shims: true } as const;

// tsup sets baseUrl for its own use, which TypeScript 6 only takes with a word of consent.
const dts = { compilerOptions: { ignoreDeprecations: '6.0' } };

export default defineConfig([
  { ...shared, entry, format: ['esm', 'cjs'], dts },
  // a map of the whole library again would be half of the package
  { ...shared, entry: { 'cli/main': 'src/cli/main.ts' }, format: ['esm'], sourcemap: false },
]);
