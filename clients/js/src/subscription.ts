import type { Connection } from './connection.ts';
import { Backlog, Emitter } from './emitter.ts';
import { BrokerError, OPEN } from './types.ts';
import type { Gap, Member, Message, Position, Subscribed, Wire } from './types.ts';

const ASK_AGAIN = 1000;

export interface SubscribeOptions {
  /** Where to go on; true, the default: after a lost connection where it was; false: live only. */
  recover?: Position | boolean;
  /** So many of the newest messages first. */
  last?: number;
  /** See who is there. */
  presence?: boolean;
  /** Grants the topic to the same user. */
  token?: string;
  /** How many messages wait for an iterator; 1000. */
  backlog?: number;
}

export interface SubscriptionEvents<Data> {
  message: Message<Data>;
  gap: Gap;
  subscribed: Subscribed;
  /** The kept entry that is another one now, or gone; undefined: all of them. */
  entries: Message<Data> | undefined;
  /** Who came and went; undefined: the whole list is another one. */
  presence: { joined: Member[]; left: Member[] } | undefined;
  /** It is over: by `unsubscribe()`, with the server's reason, or with an error. */
  end: { reason?: string; error?: BrokerError };
}

/**
 * pending → asking → live, back to pending whenever the connection is lost, and ended for good (docs/CLIENTS.md). Iterating gives the messages
 * and the gaps between them.
 */
export class Subscription<Data = unknown> extends Emitter<SubscriptionEvents<Data>> {
  state: 'pending' | 'asking' | 'live' | 'ended' = 'pending';
  /** Where to go on; undefined where the topic keeps nothing. Keep it, and a later page goes on from there. */
  position: Position | undefined;
  /** Of a topic with kept entries: the newest message of each. */
  readonly entries = new Map<string, Message<Data>>();
  /** Who is there, by user; of many only some. */
  readonly members = new Map<string, unknown>();
  /** How many are there; null while that is not known. */
  present: { connections: number; users: number } | null = null;
  /** The first `subscribed`; rejects where there will be none. */
  readonly ready: Promise<Subscribed>;
  #resolve!: (reply: Subscribed) => void;
  #reject!: (error: BrokerError) => void;
  #options: SubscribeOptions;
  #isPattern: boolean;
  #wasLive = false;
  #isKept = false;
  #snapshot: { left: number; head: number } | null = null;
  #backlogs = new Set<Backlog<Message<Data> | Gap>>();
  #timer: unknown;

  /** @internal */
  constructor(readonly topic: string, private connection: Connection, options: SubscribeOptions, private forget: () => void, private isByServer = topic[0] === '$') {
    super();
    this.#options = options;
    this.#isPattern = /[*>]/.test(topic);
    if (typeof options.recover === 'object') this.position = options.recover;
    this.ready = new Promise((resolve, reject) => { this.#resolve = resolve; this.#reject = reject; });
    this.ready.catch(() => { });
    this.up();
  }

  unsubscribe(): void {
    if (this.state === 'ended') return;
    const live = this.state !== 'pending';
    this.#end({});
    if (live && !this.isByServer) this.connection.request({ type: 'unsubscribe', topic: this.topic }).catch(() => { });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Message<Data> | Gap> {
    const backlog = new Backlog<Message<Data> | Gap>(this.#options.backlog ?? 1000, () => this.#gap('buffer'), gone => this.#backlogs.delete(gone));
    if (this.state === 'ended') backlog.end(); else this.#backlogs.add(backlog);
    return backlog;
  }

  /** @internal */
  up(again = false): void {
    // The server's own are told by the server, each time anew.
    if (this.state === 'pending' && this.connection.status.state === OPEN && (again || !this.isByServer)) this.#ask();
  }

  /** @internal */
  down(): void {
    this.connection.environment.clearTimeout(this.#timer);
    if (this.state === 'ended') return;
    this.state = 'pending';
    if (!this.present) return;
    this.present = null;
    this.members.clear();
    this.emit('presence', undefined);
  }

  #ask(): void {
    this.state = 'asking';
    const { last, presence, token, recover } = this.#options;
    const { topic, position } = this;
    const keeps = recover !== false && !this.#isPattern;
    const message: Wire = { type: 'subscribe', topic };
    if (last && (keeps || !this.#wasLive)) message.last = last;
    if (presence) message.presence = true;
    if (token) message.token = token;
    if (keeps && position) message.recover = position;
    this.connection.ask(message, (reply, error) => {
      if (this.state !== 'asking' || error?.code === 'closed') return;
      if (reply) {
        this.#subscribed(reply, message.recover);
      } else if (['unavailable', 'rate_limited', 'timeout'].includes(error!.code)) {
        this.state = 'pending';
        this.#timer = this.connection.environment.setTimeout(() => this.up(true), error!.retryAfter ?? ASK_AGAIN);
      } else {
        this.#end({ error: error! });
      }
    });
  }

  #subscribed({ epoch, offset, recovered, snapshot, presence, reason }: Wire, before?: Position): void {
    const again = this.#wasLive;
    const { topic } = this;
    this.state = 'live';
    this.#wasLive = true;
    if (snapshot !== undefined) {
      this.#isKept = true;
      this.#snapshot = { left: snapshot, head: offset };
      this.entries.clear();
      this.position = { epoch, offset: snapshot > 0 ? 0 : offset };
    } else if (!recovered) {
      // Of the `last` none has come yet: who is cut off now goes on in front of them.
      this.position = epoch && !this.#isPattern ? { epoch, offset: Math.max(0, offset - (this.#options.last ?? 0)) } : undefined;
    }
    if (presence) this.#list(presence);
    const missed = recovered && snapshot === undefined && !this.#isKept && before ? offset - before.offset : undefined;
    const told: Subscribed = { topic, epoch, offset, recovered, snapshot, presence, reason, again, missed };
    this.emit('subscribed', told);
    if (snapshot !== undefined) this.emit('entries', undefined);
    if (!recovered && (again || before)) this.#say(this.#gap('reconnected', epoch, offset));
    this.#resolve(told);
  }

  /** @internal */
  push(message: Wire): void {
    if (message.type === 'subscribed') {
      this.#toldByServer(message);
    } else if (message.type === 'unsubscribed') {
      this.#end({ reason: message.reason });
    } else if (this.state !== 'live') {
      // Of a subscription before this one, or it comes again.
    } else if (message.type === 'message') {
      this.#message(message as unknown as Message<Data>);
    } else if (message.type === 'gap') {
      if (message.epoch && !this.#isPattern) this.position = { epoch: message.epoch, offset: message.offset };
      this.#snapshot = null;
      this.#say(this.#gap('server', message.epoch, message.offset));
      if (this.#options.presence) void this.#askWhoIsThere();
    } else {
      this.#presence(message);
    }
  }

  #toldByServer(message: Wire): void {
    if (this.state !== 'pending' || !message.reason) return;
    this.isByServer = true;
    if (this.position && this.#options.recover !== false) this.#ask();
    else this.#subscribed(message);
  }

  #message(message: Message<Data>): void {
    const { position } = this;
    const { offset, entry, removed } = message;
    if (position && offset !== undefined) {
      if (offset <= position.offset) return;
      const last = this.#snapshot && --this.#snapshot.left === 0;
      this.position = { epoch: position.epoch, offset: last ? Math.max(offset, this.#snapshot!.head) : offset };
      if (last) this.#snapshot = null;
    }
    if (this.#isKept) {
      if (removed) this.entries.delete(entry ?? ''); else this.entries.set(entry ?? '', message);
      this.emit('entries', message);
    }
    this.emit('message', message);
    for (const backlog of this.#backlogs) backlog.push(message);
  }

  #presence({ type, members = [], connections, users }: Wire): void {
    const told = members as Member[];
    if (type === 'presence') {
      this.present = { connections, users };
      this.emit('presence', { joined: [], left: [] });
      return;
    }
    const coming = type === 'join';
    const changed = told.filter(({ user, info }) => {
      if (coming === this.members.has(user)) return false;
      if (coming) this.members.set(user, info); else this.members.delete(user);
      return true;
    });
    if (this.present) this.present.users = Math.max(this.members.size, this.present.users + (coming ? changed.length : -told.length));
    this.emit('presence', { joined: coming ? changed : [], left: coming ? [] : changed });
  }

  #list({ connections, users, members }: { connections: number; users: number; members: Member[] }): void {
    this.present = { connections, users };
    this.members.clear();
    for (const { user, info } of members) this.members.set(user, info);
    this.emit('presence', undefined);
  }

  /** Who came and went may be missing as well. */
  async #askWhoIsThere(): Promise<void> {
    const reply = await this.connection.request({ type: 'presence', topic: this.topic }).catch(() => null);
    if (reply && this.state === 'live') this.#list(reply as unknown as { connections: number; users: number; members: Member[] });
  }

  #gap(reason: Gap['reason'], epoch?: string, offset?: number): Gap {
    const gap: Gap = { type: 'gap', topic: this.topic, reason };
    if (epoch) Object.assign(gap, { epoch, offset });
    if (this.#isPattern) gap.pattern = this.topic;
    return gap;
  }

  #say(gap: Gap): void {
    this.emit('gap', gap);
    for (const backlog of this.#backlogs) backlog.push(gap);
  }

  /** @internal */
  close(error?: BrokerError): void {
    this.#end({ error });
  }

  #end(end: { reason?: string; error?: BrokerError }): void {
    if (this.state === 'ended') return;
    this.down();
    this.state = 'ended';
    this.forget();
    this.#reject(end.error ?? new BrokerError('closed', end.reason ?? 'Unsubscribed'));
    for (const backlog of this.#backlogs) backlog.end(end.error);
    this.#backlogs.clear();
    this.emit('end', end);
  }
}
