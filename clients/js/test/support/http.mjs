// Server-sent events and long polling as docs/PROTOCOL.md has them, without a network: what a test gives a client as its `fetch`.

import { WELCOME, settled } from './fake.mjs';

const SESSION = 'n1-0123456789abcdef';
const encoder = new TextEncoder();

export class Http {
  requests = [];
  posted = [];
  /** Statuses for the next requests of a path's first part; 0: the network fails. */
  refuse = { sse: [], poll: [], sessions: [] };
  isBuffered = false;
  #stream = null;
  #polls = [];
  #messages = [];
  #cursor = 0;

  constructor(welcome = {}) { this.welcome = { ...WELCOME, session: SESSION, ...welcome }; }

  fetch = async (address, { method = 'GET', headers = {}, body, signal } = {}) => {
    const url = new URL(address);
    const [part] = url.pathname.split('/').filter(Boolean);
    this.requests.push({ method, path: url.pathname, query: Object.fromEntries(url.searchParams), headers });
    await settled();
    signal?.throwIfAborted();
    const status = this.refuse[part]?.shift();
    if (status === 0) throw new TypeError('network');
    if (status) return new Response('', { status, headers: { 'Retry-After': '2' } });
    if (part === 'sse') return this.#sse(signal);
    if (part === 'poll') return method === 'POST' ? this.#answer([this.welcome]) : this.#poll(signal);
    if (method === 'POST') this.posted.push({ n: url.searchParams.get('n'), ...{ body: JSON.parse(body) } });
    return new Response(null, { status: 204 });
  };

  #sse(signal) {
    const stream = new ReadableStream({ start: controller => { this.#stream = controller; } });
    signal.addEventListener('abort', () => { try { this.#stream.error(signal.reason); } catch { /* over */ } });
    if (!this.isBuffered) {
      this.write(': hello\n\n');
      this.say(this.welcome);
    }
    return new Response(stream, { headers: { 'Content-Type': 'text/event-stream' } });
  }

  write(text) { this.#stream.enqueue(encoder.encode(text)); }

  say(...messages) {
    if (this.#stream) for (const message of messages) this.write(`data: ${JSON.stringify(message)}\n\n`);
    else {
      this.#messages.push(...messages);
      this.#polls.shift()?.();
    }
  }

  end() { this.#stream.close(); }

  #answer(messages) { return Response.json({ messages, cursor: `${++this.#cursor}` }); }

  #poll(signal) {
    return new Promise((resolve, reject) => {
      const give = () => resolve(this.#answer(this.#messages.splice(0)));
      signal.addEventListener('abort', () => reject(signal.reason));
      if (this.#messages.length > 0) give(); else this.#polls.push(give);
    });
  }

  /** What was posted, message by message. */
  get messages() { return this.posted.flatMap(({ body }) => body); }
}

export class Storage {
  #items = new Map();
  getItem(name) { return this.#items.get(name) ?? null; }
  setItem(name, value) { this.#items.set(name, value); }
  removeItem(name) { this.#items.delete(name); }
  get size() { return this.#items.size; }
}
