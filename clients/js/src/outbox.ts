import type { Connection } from './connection.ts';
import { BrokerError, OPEN } from './types.ts';
import type { Options, Published, Wire } from './types.ts';

const KEY_LIFE = 270000;   // ms: the server knows a key for 300,000
const WINDOW = 128;        // unanswered at a time
const ASK_AGAIN = 1000;

interface Item {
  message: Wire;
  bytes: number;
  order: number;
  /** Since when nobody knows whether it was taken, and whose it was then. */
  doubtSince?: number;
  user?: string | null;
  resolve(reply: Published): void;
  reject(error: BrokerError): void;
}

/** Publishes that wait for a connection, or for their answer. Bounded; what has a key is sent again until it is answered. */
export class Outbox {
  #waiting: Item[] = [];
  #bytes = 0;
  #flying = 0;
  #order = 0;
  #pausedUntil = 0;
  #timer: unknown;

  constructor(private connection: Connection, private bounds: Options['buffer'] = {}) {
    connection.on('up', () => this.#pump());
    connection.on('status', ({ state, reason }) => { if (state === 3) this.#giveUp(reason ?? ''); });
  }

  get count(): number {
    return this.#waiting.length + this.#flying;
  }

  get bytes(): number {
    return this.#bytes;
  }

  publish(message: Wire): Promise<Published> {
    const { publishes = 1000, bytes = 1 << 20 } = this.bounds ?? {};
    const size = this.connection.sizeOf(message);
    if (this.connection.status.state === 3) return Promise.reject(new BrokerError('closed', 'The connection is closed'));
    if (this.count >= publishes || this.#bytes + size > bytes) {
      return Promise.reject(new BrokerError('buffer_full', `More than ${publishes} publishes or ${bytes} bytes wait`));
    }
    return new Promise((resolve, reject) => {
      this.#bytes += size;
      this.#waiting.push({ message, bytes: size, order: this.#order++, resolve, reject });
      this.#pump();
    });
  }

  #pump(): void {
    const { connection } = this;
    const { environment } = connection;
    while (this.#waiting.length > 0 && connection.status.state === OPEN && this.#flying < this.#window) {
      const wait = this.#pausedUntil - environment.now();
      if (wait > 0) {
        environment.clearTimeout(this.#timer);
        this.#timer = environment.setTimeout(() => this.#pump(), wait);
        return;
      }
      void this.#send(this.#waiting.shift()!);
    }
  }

  /** Half of what the server takes at once: the rest is for others. */
  get #window(): number {
    const burst = this.connection.welcome?.limits?.burst;
    return burst ? Math.max(1, Math.min(WINDOW, burst >> 1)) : WINDOW;
  }

  async #send(item: Item): Promise<void> {
    const { connection } = this;
    const { user } = connection;
    const sentAt = connection.environment.now();
    if (item.doubtSince !== undefined && (item.user !== user || sentAt - item.doubtSince > KEY_LIFE)) {
      this.#reject(item, unknown());
      return;
    }
    this.#flying++;
    try {
      const { topic, epoch, offset, copies } = await connection.request(item.message);
      this.#bytes -= item.bytes;
      item.resolve({ topic, epoch, offset, copies });
    } catch (error) {
      this.#failed(item, error as BrokerError, sentAt, user);
    } finally {
      this.#flying--;
    }
    this.#pump();
  }

  #failed(item: Item, error: BrokerError, sentAt: number, user: string | null): void {
    switch (error.code) {
      case 'unavailable':
      case 'rate_limited':
        this.#again(item, error.retryAfter);
        break;
      case 'closed':
      case 'timeout':
        // The keys of somebody anonymous end with the connection.
        if (!('key' in item.message) || (error.code === 'closed' && user === null)) {
          this.#reject(item, unknown());
          break;
        }
        item.doubtSince ??= sentAt;
        item.user = user;
        this.#again(item, error.code === 'closed' ? 0 : error.retryAfter);
        break;
      default:
        this.#reject(item, error);
    }
  }

  #again(item: Item, after = ASK_AGAIN): void {
    if (this.connection.status.state === 3) {
      this.#reject(item, item.doubtSince === undefined ? new BrokerError('closed', 'The connection is closed') : unknown());
      return;
    }
    this.#pausedUntil = this.connection.environment.now() + after;
    const at = this.#waiting.findIndex(other => other.order > item.order);
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, item);
  }

  #reject(item: Item, error: BrokerError): void {
    this.#bytes -= item.bytes;
    item.reject(error);
  }

  #giveUp(reason: string): void {
    this.connection.environment.clearTimeout(this.#timer);
    for (const item of this.#waiting.splice(0)) {
      this.#reject(item, item.doubtSince === undefined ? new BrokerError('closed', reason || 'The connection is closed') : unknown());
    }
  }
}

const unknown = () => new BrokerError('unknown', 'It may have been published: the connection ended before the answer');
