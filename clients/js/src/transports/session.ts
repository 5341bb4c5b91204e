import { beside, type Listener, type Target, type Transport } from './transport.ts';
import type { Wire } from '../types.ts';

const RETRIES = [500, 1000, 2000, 4000];   // ms; a repeated number is not taken twice
const POST_LENGTH = 20000;                 // characters gathered in one request; a node takes no more bytes than of a message
const POST_MESSAGES = 32;

/** Seconds, of a header. */
const retryAfter = (response: Response): number => 1000 * (Number(response.headers.get('Retry-After')) || 0);

/** What the status of a refused request would have been as a close. */
export function closeOf(response: Response): [code: number, reason: string, after: number] {
  switch (response.status) {
    case 401: return [1008, 'Invalid token', 0];
    case 403: return [1008, 'Origin not allowed', 0];
    case 429:
    case 503: return [1013, 'overloaded', retryAfter(response)];
    default: return [1006, `HTTP ${response.status}`, 0];
  }
}

/** The half that server-sent events and long polling share: a session on a node, to which messages are posted in numbered requests. */
export abstract class Session implements Transport {
  protected stopped = new AbortController();
  #session: string | null = null;
  #waiting: string[] = [];
  #buffered = 0;
  #posting = false;
  #number = 0;
  #farewell: Wire | null = null;

  constructor(protected target: Target, protected listener: Listener) { }

  get bufferedAmount(): number {
    return this.#buffered;
  }

  send(frame: string | Uint8Array<ArrayBuffer>): void {
    this.#waiting.push(frame as string);
    this.#buffered += frame.length;
    void this.#post();
  }

  close(): void {
    if (this.stopped.signal.aborted) return;
    this.stopped.abort();
    if (this.#session) void this.fetch('DELETE', this.address(`sessions/${this.#session}`), { keepalive: true, signal: undefined }).catch(() => { });
  }

  /** The listener hears of one end only. */
  protected end(code: number, reason: string, after?: number): void {
    if (this.stopped.signal.aborted) return;
    this.stopped.abort();
    if (this.#farewell) this.listener.closed(this.#farewell.code, this.#farewell.reason);
    else this.listener.closed(code, reason, after);
  }

  protected get session(): string | null {
    return this.#session;
  }

  protected address(path: string): URL {
    return beside(this.target.url, path);
  }

  protected fetch(method: string, url: URL, more: RequestInit = {}): Promise<Response> {
    const token = this.target.token();
    const headers: Record<string, string> = { ...more.headers as Record<string, string> };
    if (token) headers.Authorization = `Bearer ${token}`;
    return this.target.environment.fetch!(url.href, { method, cache: 'no-store', credentials: 'include', signal: this.stopped.signal, ...more, headers });
  }

  protected take(text: string): void {
    let message: Wire | Wire[];
    try {
      message = JSON.parse(text);
    } catch {
      this.end(1006, 'not this protocol');
      return;
    }
    this.takeAll(Array.isArray(message) ? message : [message], text);
  }

  protected takeAll(messages: Wire[], text: string): void {
    for (const message of messages) {
      if (message?.type === 'welcome') {
        this.#session = message.session;
        void this.#post();
      } else if (message?.type === 'disconnecting') {
        this.#farewell = message;
      }
    }
    if (messages.length > 0) this.listener.message(messages, text);
  }

  protected pause(delay: number): Promise<void> {
    return new Promise(resolve => { this.target.environment.setTimeout(resolve, delay); });
  }

  async #post(): Promise<void> {
    if (this.#posting || !this.#session) return;
    this.#posting = true;
    while (this.#waiting.length > 0 && !this.stopped.signal.aborted) {
      const frames = this.#gather();
      const body = frames.length > 1 ? `[${frames.join(',')}]` : frames[0];
      if (!await this.#deliver(body, ++this.#number)) break;
      this.#buffered -= frames.reduce((sum, frame) => sum + frame.length, 0);
    }
    this.#posting = false;
  }

  #gather(): string[] {
    let length = 0, count = 0;
    while (count < this.#waiting.length && count < POST_MESSAGES && (count === 0 || length + this.#waiting[count].length < POST_LENGTH)) {
      length += this.#waiting[count++].length;
    }
    return this.#waiting.splice(0, count);
  }

  async #deliver(body: string, number: number): Promise<boolean> {
    const url = this.address(`sessions/${this.#session}`);
    url.searchParams.set('n', `${number}`);
    for (const delay of [...RETRIES, -1]) {
      let after = delay;
      try {
        const response = await this.fetch('POST', url, { body, headers: { 'Content-Type': 'application/json' } });
        void response.body?.cancel();
        if (response.ok) {
          this.listener.heard();
          return true;
        }
        const [code, reason, wait] = closeOf(response);
        if (code !== 1013) {
          this.end(code, reason);
          return false;
        }
        after = Math.max(delay, wait);
      } catch { /* the network: once more */ }
      if (this.stopped.signal.aborted) return false;
      if (delay < 0) break;
      await this.pause(after);
    }
    this.end(1006, 'cannot post');
    return false;
  }
}
