// The allowed imports of the house: cli → smtp, http, mime, transport, trace; smtp → mime, transport, trace;
// http → transport, trace; mime → nothing; transport → trace; trace → nothing; all → errors.ts, which imports nothing.
const layer = (name, allowed) => ({
  name: `${name}-imports`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: [`^src/${name}/`, '^src/errors\\.ts$', ...allowed.map((other) => `^src/${other}/`)] },
});
const sockets = '^(node:)?(net|tls|dns|dns/promises|dgram)$';

module.exports = {
  forbidden: [
    layer('cli', ['smtp', 'http', 'mime', 'transport', 'trace']),
    layer('smtp', ['mime', 'transport', 'trace']),
    layer('http', ['transport', 'trace']),
    layer('mime', []),
    layer('transport', ['trace']),
    layer('trace', []),
    { name: 'errors-import-nothing', severity: 'error', from: { path: '^src/errors\\.ts$' }, to: {} },
    {
      name: 'index-re-exports',
      severity: 'error',
      from: { pathNot: '^src/index\\.ts$' },
      to: { path: '^src/index\\.ts$' },
    },
    {
      name: 'sockets-in-transport-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/transport/' },
      to: { path: sockets },
    },
    {
      name: 'protocols-are-ours',
      comment: 'the protocols are written by hand: no client of somebody else',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: ['^(node:)?(http|https|http2)$', 'node_modules/(nodemailer|undici|axios|got|node-fetch)/'] },
    },
    {
      name: 'terminal-in-cli-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^(node:)?(process|readline|tty|child_process)' },
    },
    { name: 'no-circles', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'run-time-dependencies-declared',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
