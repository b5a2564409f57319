import { describe, expect, it } from 'vitest';
import { fileNameFor } from '../../src/http/index.ts';

describe('fileNameFor', () => {
  it.each([
    ['http://example.com/', 'example.com.html'],
    ['example.com', 'example.com.html'],
    ['https://example.com', 'example.com_https.html'],
    ['http://127.0.0.1:8080', '127.0.0.1_8080.html'],
    ['https://example.com:8443/#top', 'example.com_https_8443.html'],
  ])('%s is %s', (url, name) => {
    expect(fileNameFor(url)).toBe(name);
  });

  it('is readable and unique for anything else, and the same every time', () => {
    expect(fileNameFor('http://example.com/a/b?c=d')).toMatch(/^example\.com_a_b_c_d_[0-9a-z]{12}\.html$/);
    const urls = ['a/b', 'a_b', 'A/b', 'a/b/', 'a?b', 'a%2Fb', 'a/b?', 'a-b', '', '?', '/'].map(
      (path) => `http://example.com/${path}`,
    );
    const names = urls.map((url) => fileNameFor(url).toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    expect(fileNameFor(urls[0] ?? '')).toBe(fileNameFor(urls[0] ?? ''));
  });

  it.each([
    'http://con/',
    'http://nul.example/',
    'http://aux:81/',
    'http://a/../../etc/passwd',
    'http://a/%2e%2e%2fetc',
    'http://a/..%5c..%5cx',
    'http://[::1]/',
    'http://a_b.c/',
    'http://-a-/',
    'http://a/CON',
    `http://a/${'x'.repeat(5_000)}`,
    'http://a/trailing.',
    'http://a./',
    'http://a/é:*?"<>|',
  ])('is safe for %s', (url) => {
    const name = fileNameFor(url);
    expect(name).toMatch(/^[a-z0-9_][a-z0-9._-]*\.html$/);
    expect(name).not.toMatch(/^(?:con|prn|aux|nul|com\d|lpt\d)\./);
    expect(name.length).toBeLessThan(230);
  });
});
