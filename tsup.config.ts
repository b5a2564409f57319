import { defineConfig } from 'tsup';

const layers = ['smtp', 'mime', 'http', 'transport', 'trace'];
const entry = Object.fromEntries([
  ['index', 'src/index.ts'],
  ...layers.map((layer) => [`${layer}/index`, `src/${layer}/index.ts`]),
]);

// Shared chunks in both formats: a class imported by two subpaths must be one class, or instanceof lies.
const shared = { target: 'node20', platform: 'node', splitting: true, sourcemap: true } as const;

export default defineConfig([
  { ...shared, entry, format: ['esm', 'cjs'], dts: true },
  { ...shared, entry: { 'cli/main': 'src/cli/main.ts' }, format: ['esm'] },
]);
