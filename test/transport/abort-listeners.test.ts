import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { fetchPage } from '../../src/http/index.ts';
import { addAbortListener, removeAbortListener } from '../../src/transport/index.ts';
import { serve } from '../http/server.ts';

describe('those who wait for one signal', () => {
  it('share a listener, are each called once, and leave nothing behind', () => {
    const caller = new AbortController();
    const { signal } = caller;
    const called: string[] = [];
    const calls = ['one', 'two', 'three'].map((name) => () => called.push(name));
    for (const call of calls) addAbortListener(signal, call);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    removeAbortListener(signal, calls[1] as () => void);
    caller.abort();
    expect(called).toEqual(['one', 'three']);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('leave the signal as it was when nobody waits any more', () => {
    const { signal } = new AbortController();
    const call = (): void => {};
    addAbortListener(signal, call);
    removeAbortListener(signal, call);
    removeAbortListener(signal, call);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('may leave, and others come, while they are called, as with listeners of their own', () => {
    const caller = new AbortController();
    const { signal } = caller;
    const called: string[] = [];
    const second = (): void => void called.push('second');
    const late = (): void => void called.push('late');
    addAbortListener(signal, () => {
      called.push('first');
      removeAbortListener(signal, second);
      addAbortListener(signal, late);
    });
    addAbortListener(signal, second);
    addAbortListener(signal, () => called.push('third'));
    caller.abort();
    expect(called).toEqual(['first', 'third']);
    removeAbortListener(signal, late);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('are as many pages as there may be, without a warning', async () => {
    await using server = await serve('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    try {
      const { signal } = new AbortController();
      await Promise.all(Array.from({ length: 30 }, () => fetchPage(server.url, { signal })));
      // connections are left a moment after their page is there
      await vi.waitFor(() => expect(getEventListeners(signal, 'abort')).toHaveLength(0));
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', onWarning);
    }
  });
});
