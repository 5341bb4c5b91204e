import { Session, closeOf } from './session.ts';
import type { Opener } from './transport.ts';

/** Read by `fetch` and not by `EventSource`, which can send no header, shows no comments, and reconnects by rules of its own. */
class EventStream extends Session {
  async run(): Promise<void> {
    try {
      const url = this.address('sse');
      if (this.target.batch) url.searchParams.set('batch', `${this.target.batch}`);
      const response = await this.fetch('GET', url, { headers: { Accept: 'text/event-stream' } });
      if (!response.ok || !response.body) {
        this.end(...closeOf(response));
        return;
      }
      this.listener.opened();
      await this.#read(response.body.getReader());
      this.end(1006, 'stream ended');
    } catch {
      this.end(1006, '');
    }
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '', data = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.stopped.signal.aborted) return;
      this.listener.heard();
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const text = line.endsWith('\r') ? line.slice(0, -1) : line;
        if (text.startsWith('data:')) {
          data += (data && '\n') + text.slice(text[5] === ' ' ? 6 : 5);
        } else if (text === '' && data) {
          this.take(data);
          data = '';
        }
      }
    }
  }
}

export const openSse: Opener = (target, listener) => {
  const stream = new EventStream(target, listener);
  void stream.run();
  return stream;
};
