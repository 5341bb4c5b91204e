import { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import { Outbox } from './outbox.ts';
import { Rooms } from './rooms.ts';
import { Subscription, type SubscribeOptions } from './subscription.ts';
import { BrokerError, CLOSED, CONNECTING, OPEN } from './types.ts';
import type { HistoryPage, Options, Position, PresencePage, Published, State, Status, TransportName, Welcome, Wire } from './types.ts';

const PATIENT = 1000;   // requests that wait for a connection

export interface PublishOptions {
  /** Makes it safe to send again: it is kept until it is answered, and taken once. True: a new one. Sequenced topics only. */
  key?: string | true;
  /** False: not to this connection. */
  echo?: boolean;
  entry?: string;
  remove?: true;
  if?: Position;
}

export interface ClientEvents {
  status: Status;
  welcome: Welcome;
  latency: number;
  /** What the server says no to, of no request; a token that could not be fetched; what was thrown at nobody. */
  error: BrokerError;
  /** A subscription that the server made. */
  subscription: Subscription;
  /** For onlookers: every message as JSON, tokens left out. */
  wire: { direction: 'in' | 'out' | 'end'; text: string };
}

/** A connection to Broker that restores itself, and what hangs on it. */
export class Client extends Emitter<ClientEvents> {
  readonly rooms: Rooms;
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  #patient = new Set<() => void>();

  constructor(url: string | URL, options: Options = {}) {
    super();
    const connection = this.#connection = new Connection(url, options);
    this.subscriptions = this.#subscriptions;
    connection.on('status', status => this.#onStatus(status));
    connection.on('welcome', welcome => this.emit('welcome', welcome));
    connection.on('latency', latency => this.emit('latency', latency));
    connection.on('error', error => this.emit('error', error));
    connection.on('push', message => this.#push(message));
    connection.on('down', () => { for (const one of [...this.#subscriptions.values()]) one.down(); });
    connection.on('up', () => { for (const one of [...this.#subscriptions.values()]) one.up(); });
    this.rooms = new Rooms(connection, { opened: () => this.#opened(), request: message => this.request(message) });
    this.#outbox = new Outbox(connection, options.buffer);
  }

  override on<Name extends keyof ClientEvents>(name: Name, handler: (value: ClientEvents[Name]) => void): () => void {
    // Only who listens pays for the texts.
    if (name === 'wire' && !this.hears('wire')) this.#connection.on('wire', wire => this.emit('wire', wire));
    return super.on(name, handler);
  }

  get state(): State { return this.#connection.status.state; }
  get status(): Status { return this.#connection.status; }
  get transport(): TransportName | undefined { return this.state === OPEN ? this.status.transport : undefined; }
  get welcome(): Welcome | null { return this.#connection.welcome; }
  get user(): string | null { return this.#connection.user; }
  /** Milliseconds of the last answered ping of this connection. */
  get latency(): number | null { return this.#connection.latency; }
  /** Bytes handed to the transport that it has not sent. */
  get bufferedAmount(): number { return this.#connection.bufferedAmount; }
  /** Publishes that are not answered yet. */
  get unpublished(): { count: number; bytes: number } { return { count: this.#outbox.count, bytes: this.#outbox.bytes }; }

  /** Connects now: after the end, or instead of waiting. */
  open(): void { this.#connection.open(); }

  /** For good, or until `open()`. Subscriptions and seats stay for that; publishes that wait are rejected. */
  close(): void { this.#connection.close(); }

  ping(): Promise<number> { return this.#connection.ping(); }

  /** One at a time for each topic or pattern; on every new connection it is made again. */
  subscribe<Data = unknown>(topic: string, options: SubscribeOptions = {}): Subscription<Data> {
    const known = this.#subscriptions.get(topic);
    if (known) throw new BrokerError('conflict', `Already subscribed to ${topic}: it is in client.subscriptions`);
    return this.#add(topic, options) as Subscription<Data>;
  }

  /** Resolves when the topic has taken it; waits for a connection, within the bounds of `options.buffer`. */
  publish(topic: string, data?: unknown, { key, ...options }: PublishOptions = {}): Promise<Published> {
    const message: Wire = { type: 'publish', topic, ...options };
    if (!options.remove) message.data = data === undefined ? null : data;
    if (key) message.key = key === true ? crypto.randomUUID() : key;
    return this.#outbox.publish(message);
  }

  /** Without an answer, for what the next one replaces. False where there is no connection, and it is lost. */
  tell(topic: string, data: unknown, options: Omit<PublishOptions, 'key'> = {}): boolean {
    return this.#connection.tell({ type: 'publish', topic, data, ...options });
  }

  async history<Data = unknown>(topic: string, options: { since?: Position; limit?: number; reverse?: boolean } = {}): Promise<HistoryPage<Data>> {
    return await this.request({ type: 'history', topic, ...options }) as unknown as HistoryPage<Data>;
  }

  async presence(topic: string, options: { limit?: number; after?: string } = {}): Promise<PresencePage> {
    return await this.request({ type: 'presence', topic, ...options }) as unknown as PresencePage;
  }

  /** Any request of the protocol. While there is no connection it waits for one. */
  async request(message: Wire): Promise<Wire> {
    await this.#opened();
    return this.#connection.request(message);
  }

  #opened(): Promise<void> | void {
    if (this.state !== CONNECTING) return;
    if (this.#patient.size >= PATIENT) return Promise.reject(new BrokerError('buffer_full', `More than ${PATIENT} requests wait`));
    return new Promise(resolve => { this.#patient.add(resolve); });
  }

  #onStatus(status: Status): void {
    this.emit('status', status);
    if (status.state === OPEN || status.state === CLOSED) {
      const patient = [...this.#patient];
      this.#patient.clear();
      for (const resolve of patient) resolve();
    }
  }

  #add(topic: string, options: SubscribeOptions, byServer?: boolean): Subscription {
    const subscription: Subscription = new Subscription(topic, this.#connection, options, () => {
      if (this.#subscriptions.get(topic) === subscription) this.#subscriptions.delete(topic);
    }, byServer);
    this.#subscriptions.set(topic, subscription);
    return subscription;
  }

  #push(message: Wire): void {
    const topic = message.pattern ?? message.topic;
    if (message.type === 'error') {
      this.emit('error', BrokerError.of(message));
    } else if (message.room !== undefined || message.type === 'match.found') {
      this.rooms.push(message);
    } else if (topic !== undefined) {
      let subscription = this.#subscriptions.get(topic);
      const isNew = !subscription && message.type === 'subscribed' && message.reason;
      if (isNew) subscription = this.#add(topic, {}, true);
      if (isNew) this.emit('subscription', subscription!);
      subscription?.push(message);
    }
  }
}

/** Connects to a node. In a page the address may be relative: `/ws`. */
export function connect(url: string | URL, options?: Options): Client {
  const client = new Client(url, options);
  client.open();
  return client;
}
