/**
 * Every block of TypeScript or JavaScript in README.md and docs/ compiles against the package as it is now.
 *
 * The blocks of a page are read in order, as a reader does: what one has imported, the next ones have too. Anything else
 * that a block takes for granted (`url`, `done`) stands in a comment of the page that a reader does not see:
 *
 *     <!-- given
 *     declare const url: string;
 *     -->
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SUBPATHS = ['smtp', 'mime', 'http', 'transport', 'trace'];

interface Block {
  /** Where it stands, for the message: `docs/sending-mail.md:12`. */
  readonly place: string;
  /** A file that does not exist, beside the sources, so that imports resolve as in them. */
  readonly file: string;
  readonly source: string;
}

const pages = ['README.md', ...markdownIn('docs'), ...markdownIn('examples')];
const blocks = pages.flatMap(blocksOf);

test('there are blocks to look at', () => {
  expect(blocks.length).toBeGreaterThan(20);
});

test('every block of code compiles', { timeout: 30_000 }, () => {
  expect(faultsOf(blocks)).toEqual([]);
});

test('every link to another place of the project leads there', () => {
  const lost: string[] = [];
  for (const page of [...pages, 'CONTRIBUTING.md']) {
    const text = readFileSync(join(ROOT, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
      if (!existsSync(target)) lost.push(`${page}: ${link}`);
      else if (anchor !== undefined && !anchorsOf(target).includes(anchor)) lost.push(`${page}: ${link}`);
    }
  }
  expect(lost).toEqual([]);
});

test('every run-time dependency has its reason in the README', () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  expect(Object.keys(dependencies).filter((name) => !readme.includes(`| [${name}](`))).toEqual([]);
});

/** The names that headings get where Markdown is shown. */
function anchorsOf(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join(folder, name));
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const found: Block[] = [];
  const imported = new Map<string, string>();
  let given = '';
  for (const match of text.matchAll(/^<!-- given\n([\s\S]*?)^-->|^( *)```(ts|js|mjs)\n([\s\S]*?)^ *```$/gm)) {
    const [whole, declarations, , language = 'ts', code = ''] = match;
    if (declarations !== undefined) {
      given += declarations;
      continue;
    }
    const line = text.slice(0, match.index).split('\n').length;
    const own = importsOf(code);
    const carried = [...imported].filter(([name]) => !own.has(name)).map(([, statement]) => statement);
    // what an earlier block is said to have left behind may be made anew by this one
    const known = given.split('\n').filter((each) => !declares(code, each));
    const head = [...carried, ...known].map((each) => `${each} `).join('');
    const name = `${page.replace(/\W/g, '-')}-${line}.${language === 'ts' ? 'ts' : 'mts'}`;
    const source = `${head}export {};${whole.includes('\n') ? '\n' : ''}${code}`;
    found.push({ place: `${page}:${line}`, file: join(ROOT, 'src', name), source });
    for (const [each, statement] of own) imported.set(each, statement);
  }
  return found;
}

/** Each imported name with an import of it alone, on one line. */
function importsOf(code: string): Map<string, string> {
  const file = ts.createSourceFile('block.ts', code, ts.ScriptTarget.ES2023);
  const found = new Map<string, string>();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const from = statement.moduleSpecifier.text;
    const clause = statement.importClause;
    if (clause?.name !== undefined) found.set(clause.name.text, `import ${clause.name.text} from '${from}';`);
    const bindings = clause?.namedBindings;
    if (bindings === undefined) continue;
    if (ts.isNamespaceImport(bindings)) {
      found.set(bindings.name.text, `import * as ${bindings.name.text} from '${from}';`);
      continue;
    }
    for (const { name, propertyName, isTypeOnly } of bindings.elements) {
      const words = propertyName === undefined ? name.text : `${propertyName.text} as ${name.text}`;
      const type = isTypeOnly || clause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type ' : '';
      found.set(name.text, `import { ${type}${words} } from '${from}';`);
    }
  }
  return found;
}

/** Whether the block itself makes the name that the declaration gives. */
function declares(code: string, declaration: string): boolean {
  const name = /^declare (?:const|let|function|class) (\w+)/.exec(declaration)?.[1];
  if (name === undefined) return false;
  const makes = '(?:const|let|using|await using|function|async function\\*?|function\\*|class)';
  return new RegExp(`^(?:export )?${makes} (?:${name}\\b|[[{][^=]*\\b${name}\\b)`, 'm').test(code);
}

function faultsOf(all: readonly Block[]): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    paths: Object.fromEntries([
      ['plainwire', [join(ROOT, 'src/index.ts')]],
      ...SUBPATHS.map((name) => [`plainwire/${name}`, [join(ROOT, `src/${name}/index.ts`)]]),
    ]),
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  const sources = new Map(all.map(({ file, source }) => [file, source]));
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.readFile = (name) => sources.get(name) ?? readFile(name);
  host.getSourceFile = (name, language, onError) => {
    const source = sources.get(name);
    return source === undefined ? getSourceFile(name, language, onError) : ts.createSourceFile(name, source, language);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return all.flatMap(({ place, file }) => {
    const source = program.getSourceFile(file);
    const faults = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return faults.map(({ messageText, start }) => {
      const line = source === undefined || start === undefined ? 0 : source.getLineAndCharacterOfPosition(start).line;
      return `${place} +${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}
