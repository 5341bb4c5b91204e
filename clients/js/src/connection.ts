import { judge, isOfTheWay } from './closing.ts';
import { json, sizeOf } from './codec.ts';
import { Emitter } from './emitter.ts';
import { environment } from './environment.ts';
import { Token } from './token.ts';
import { Ladder } from './transports/ladder.ts';
import { openPoll } from './transports/poll.ts';
import { openSse } from './transports/sse.ts';
import type { Opener, Transport } from './transports/transport.ts';
import { openWebSocket } from './transports/websocket.ts';
import { BrokerError, CLOSED, CLOSING, CONNECTING, OPEN } from './types.ts';
import type { Codec, Environment, Options, Status, TransportName, Welcome, Wire } from './types.ts';

const OPENED_WITHIN = 10000;    // ms until a way must be open
const WELCOME_WITHIN = 4000;    // ms from there to the welcome
const FIRST_DELAY = 500;        // ms at most, and 3/5 of it at least, before the first attempt to come back
const LONGEST_DELAY = 30000;
const SETTLED = 10000;          // ms a connection must last before the delays start from the beginning again
const ANSWER = 8000;            // ms a ping waits for anything at all
const ROOM_SILENCE = 5000, ROOM_ANSWER = 3000;   // in a room with ticks
const TICK = 1000;
const LONGEST_TIMER = 2 ** 31 - 1;
const KNOCK_SKIPPED = 8;        // every so many attempts nothing is asked first: a policy of the page may forbid the question

const OPENERS: Record<TransportName, Opener> = { websocket: openWebSocket, sse: openSse, poll: openPoll };

/** Called in the turn in which the reply comes, so before what comes behind the reply. */
export type Answered = (reply: Wire | null, error: BrokerError | null) => void;

interface Events {
  status: Status;
  /** Welcomed, and signed in where there is a token: requests go out now. */
  up: Welcome;
  /** Requests are rejected before. */
  down: void;
  /** What is no reply. */
  push: Wire;
  welcome: Welcome;
  latency: number;
  wire: { direction: 'in' | 'out' | 'end'; text: string };
  error: BrokerError;
}

/** The state machine of a connection (docs/CLIENTS.md). Of each attempt only the last one is heard. */
export class Connection extends Emitter<Events> {
  status: Status = { state: CLOSED };
  welcome: Welcome | null = null;
  user: string | null = null;
  latency: number | null = null;
  /** Whether a room with ticks is there, whose silence is noticed sooner. */
  isTicking: () => boolean = () => false;
  readonly environment: Environment;
  readonly #options: Options;
  readonly #url: URL;
  readonly #ladder: Ladder;
  readonly #token: Token;
  #codec: Codec = json;
  #transport: Transport | null = null;
  #isUp = false;
  #round = 0;             // whoever waits for something compares it afterwards
  #attempt = 0;           // delays since a connection lasted
  #failures = 0;          // rounds since a welcome
  #timer: unknown;
  #ticker: unknown;
  #refresh: unknown;
  #openedAt = 0;
  #heardAt = 0;
  #pingedAt = Infinity;   // the first ping since anything was heard
  #farewell: Wire | null = null;
  #pending = new Map<number, { answered: Answered; timer: unknown }>();
  #nextId = 1;
  #hints: (() => void) | null = null;

  constructor(url: string | URL, options: Options) {
    super();
    this.#options = options;
    this.environment = environment(options.environment);
    this.#url = new URL(url, globalThis.location?.href);
    this.#url.protocol = this.#url.protocol.replace('http', 'ws');
    const ways = (options.transports ?? ['websocket', 'sse', 'poll'] as TransportName[])
      .filter((way, _, all) => all.length === 1 || (way === 'websocket' ? this.environment.WebSocket : this.environment.fetch));
    this.#ladder = new Ladder(ways, this.#url.origin, this.environment);
    this.#token = new Token(options.token);
  }

  get bufferedAmount(): number {
    return this.#transport?.bufferedAmount ?? 0;
  }

  /** Connects at once; also after the end, and in place of a delay. */
  open(): void {
    if (this.status.state === OPEN || this.#transport) return;
    this.#listenForHints();
    void this.#begin(false);
  }

  /** Leaves for good. */
  close(): void {
    if (this.status.state === CLOSED) return;
    this.#set({ state: CLOSING });
    this.#stop(1000, 'closed');
  }

  /** The reply; rejects with what the server said, `timeout` where nothing came, or `closed` where the connection ended before. */
  request(message: Wire): Promise<Wire> {
    return new Promise((resolve, reject) => this.ask(message, (reply, error) => error ? reject(error) : resolve(reply!)));
  }

  ask(message: Wire, answered: Answered): void {
    if (this.status.state === OPEN) this.#ask(message, answered);
    else answered(null, new BrokerError('closed', 'Not connected'));
  }

  /** Without a reply. False where there is no connection. */
  tell(message: Wire): boolean {
    if (this.status.state !== OPEN) return false;
    this.#send(message);
    return true;
  }

  sizeOf(message: Wire): number {
    return sizeOf(this.#codec.encode(message));
  }

  /** How long an answer takes, in milliseconds. */
  async ping(): Promise<number> {
    const sent = this.environment.now();
    this.#pingedAt = Math.min(this.#pingedAt, sent);
    await this.request({ type: 'ping' });
    this.latency = this.environment.now() - sent;
    this.emit('latency', this.latency);
    return this.latency;
  }

  #ask(message: Wire, answered: Answered): void {
    const id = this.#nextId++;
    const timer = this.environment.setTimeout(() => this.#settle(id, null, new BrokerError('timeout', 'No answer')), this.#options.timeout ?? 20000);
    this.#pending.set(id, { answered, timer });
    try {
      this.#send({ ...message, id });
    } catch (error) {
      this.#settle(id, null, error instanceof BrokerError ? error : new BrokerError('invalid_message', `${error}`));
    }
  }

  #send(message: Wire): void {
    const frame = this.#codec.encode(message);
    const limit = this.welcome?.limits?.message;
    if (limit && frame.length * 3 > limit && sizeOf(frame) > limit) throw new BrokerError('too_large', `More than ${limit} bytes`);
    this.#transport!.send(frame);
    // Onlookers must not see the credential.
    if (this.hears('wire')) this.emit('wire', { direction: 'out', text: JSON.stringify('token' in message ? { ...message, token: '…' } : message) });
  }

  async #begin(knock: boolean): Promise<void> {
    this.#drop();
    const round = this.#round;
    this.#set({ ...this.#lastEnd(), state: CONNECTING });
    try {
      await this.#token.get();
    } catch (error) {
      if (round === this.#round) this.#lost(1006, `no token: ${error instanceof Error ? error.message : error}`);
      return;
    }
    if (round !== this.#round) return;
    if (knock && !await this.#knock() && round === this.#round) this.#wait(0, 1006, 'no connection');
    if (round === this.#round) this.#try(this.#ladder.order(this.#failures));
  }

  /** One way after the other; the first that brings a welcome is kept. */
  #try([way, ...lower]: TransportName[]): void {
    const { environment } = this;
    const round = ++this.#round;
    const mine = () => round === this.#round;
    this.#codec = way === 'websocket' ? this.#options.codec ?? json : json;
    const end = (code: number, reason: string, after = 0) => {
      if (!mine()) return;
      if (lower.length === 0 || this.welcome || !isOfTheWay(code)) {
        this.#lost(code, reason, after);
        return;
      }
      environment.clearTimeout(this.#timer);
      this.#transport?.close();
      this.#transport = null;
      this.#try(lower);
    };
    const within = (delay: number, reason: string) => {
      environment.clearTimeout(this.#timer);
      this.#timer = environment.setTimeout(() => end(1006, reason), delay);
    };
    within(way === 'sse' ? WELCOME_WITHIN : OPENED_WITHIN, 'no connection');
    try {
      const transport = OPENERS[way]({ url: this.#url, codec: this.#codec, batch: this.#options.batch ?? 0, token: () => this.#token.current, environment }, {
        opened: () => { if (mine()) within(WELCOME_WITHIN, 'no welcome'); },
        heard: () => { if (mine()) this.#heard(); },
        closed: end,
        message: (message, text) => {
          if (!mine()) return;
          if (!this.welcome) this.#set({ ...this.status, transport: way });
          this.#receive(message, text);
        },
      });
      if (mine()) this.#transport = transport; else transport.close();
    } catch (error) {
      // Such as ws: from a page that came over https:.
      end(1006, error instanceof Error ? error.message : `${error}`);
    }
  }

  #heard(): void {
    this.#heardAt = this.environment.now();
    this.#pingedAt = Infinity;
  }

  #receive(frame: unknown, text: string): void {
    this.#heard();
    if (this.hears('wire')) this.emit('wire', { direction: 'in', text: text || JSON.stringify(frame) });
    const round = this.#round;
    for (const message of (Array.isArray(frame) ? frame : [frame]) as Wire[]) {
      // A handler may have closed, or opened anew.
      if (round !== this.#round) return;
      if (message.type === 'welcome') this.#welcomed(message as unknown as Welcome);
      else if (message.type === 'disconnecting') this.#farewell = message;
      else if (this.#pending.has(message.id as number)) {
        if (message.type === 'error') this.#settle(message.id as number, null, BrokerError.of(message));
        else this.#settle(message.id as number, message, null);
      } else this.emit('push', message);
    }
  }

  #welcomed(welcome: Welcome): void {
    const { environment } = this;
    const token = this.#token.current;
    const round = this.#round;
    environment.clearTimeout(this.#timer);
    this.welcome = welcome;
    this.#failures = 0;
    this.#openedAt = environment.now();
    this.#ladder.welcomed(this.status.transport!);
    this.user = welcome.user ?? null;
    this.emit('welcome', welcome);
    if (round !== this.#round) return;
    if (welcome.auth === 'done' || (!token && welcome.auth === 'optional')) {
      this.#opened(welcome, welcome.expires);
    } else if (!token) {
      this.#end(1008, 'auth required');
    } else {
      this.#ask({ type: 'auth', token }, (reply, error) => {
        if (reply) {
          this.user = reply.user;
          this.#opened(welcome, reply.expires);
        } else if (error!.code === 'timeout' || error!.code === 'unavailable') {
          // Of a token that is not good the server closes with the code that says why.
          this.#wait(error!.retryAfter ?? 0, 1013, error!.message);
        }
      });
    }
  }

  #opened(welcome: Welcome, expires: number | undefined): void {
    const round = this.#round;
    this.#token.accepted();
    this.#refreshBefore(expires);
    this.#isUp = true;
    this.#set({ state: OPEN, transport: this.status.transport });
    if (round !== this.#round) return;
    this.#ticker = this.environment.setTimeout(() => this.#tick(), TICK);
    this.emit('up', welcome);
  }

  /** The server's clock counts: `expires` is of it. */
  #refreshBefore(expires: number | undefined): void {
    this.environment.clearTimeout(this.#refresh);
    if (!expires || !this.#token.canBeRenewed) return;
    const left = expires - this.welcome!.time - (this.environment.now() - this.#openedAt);
    this.#refresh = this.environment.setTimeout(() => void this.#renew(expires, 1000), Math.min(LONGEST_TIMER, Math.max(0, left - Math.min(60000, left / 5))));
  }

  async #renew(expires: number, delay: number): Promise<void> {
    const round = this.#round;
    try {
      const token = await this.#token.fetch(true);
      if (round !== this.#round || !token) return;
      const reply = await this.request({ type: 'auth', token });
      if (round === this.#round) this.#refreshBefore(reply.expires);
    } catch (error) {
      if (round !== this.#round) return;
      this.emit('error', new BrokerError('token', error instanceof Error ? error.message : `${error}`));
      // Until the server closes with 4001.
      this.#refresh = this.environment.setTimeout(() => void this.#renew(expires, Math.min(2 * delay, LONGEST_DELAY)), delay);
    }
  }

  #settle(id: number, reply: Wire | null, error: BrokerError | null): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    this.environment.clearTimeout(pending.timer);
    pending.answered(reply, error);
  }

  // Nobody shows a page the server's pings, so a silent connection must be probed from here. A long poll that is answered is a sign of life.
  #tick(): void {
    const now = this.environment.now();
    const ticking = this.isTicking();
    const silence = ticking ? ROOM_SILENCE : this.welcome!.heartbeat;
    if (now - this.#pingedAt > (ticking ? ROOM_ANSWER : ANSWER)) {
      this.#lost(1006, 'no answer to ping');
      return;
    }
    if (now - this.#heardAt >= silence) this.#probe();
    this.#ticker = this.environment.setTimeout(() => this.#tick(), TICK);
  }

  #probe(): void {
    if (this.#pingedAt === Infinity) this.ping().catch(() => { });
  }

  #lost(code: number, reason: string, after = 0): void {
    const farewell = this.#farewell;
    if (!this.welcome) this.#failures++;
    if (this.hears('wire')) this.emit('wire', { direction: 'end', text: JSON.stringify({ code, reason }) });
    const verdict = judge(code, reason, farewell?.reconnect);
    const renewable = this.#token.canBeRenewed;
    if (verdict === 'stop' || (verdict === 'token' && !renewable) || (verdict === 'fresh token' && (!renewable || this.#token.isFresh))) {
      this.#end(code, reason);
      return;
    }
    if (verdict !== 'retry') this.#token.refused();
    this.#wait(Math.max(after, farewell?.after ?? 0), code, reason);
  }

  // Any time up to the bound, so that clients which lost their node together do not come back together. Success alone does not reset the
  // bound: a node that accepts and drops at once must not be hammered.
  #wait(after: number, code: number, reason: string): void {
    const { environment } = this;
    const { first = FIRST_DELAY, max = LONGEST_DELAY } = this.#options.backoff ?? {};
    if (this.#openedAt && environment.now() - this.#openedAt > SETTLED) this.#attempt = 0;
    this.#drop();
    const bound = Math.min(typeof max === 'function' ? max() : max, first * 2 ** Math.min(this.#attempt, 16));
    const delay = after + (this.#attempt === 0 ? bound * (0.6 + 0.4 * environment.random()) : bound * environment.random());
    const knock = ++this.#attempt > 1 && this.#attempt % KNOCK_SKIPPED !== 0;
    this.#timer = environment.setTimeout(() => void this.#begin(knock), delay);
    this.#set({ state: CONNECTING, code, reason, retryIn: delay });
  }

  // A browser holds back the WebSockets of a page of which many have failed, each for seconds; requests it does not hold back.
  async #knock(): Promise<boolean> {
    if (typeof location === 'undefined' || !this.environment.fetch) return true;
    const door = new URL('.', this.#url);
    door.protocol = door.protocol.replace('ws', 'http');
    const knocking = new AbortController();
    const timer = this.environment.setTimeout(() => knocking.abort(), ANSWER);
    const options: RequestInit = { method: 'HEAD', mode: 'no-cors', cache: 'no-store', credentials: 'omit', signal: knocking.signal };
    try {
      await this.environment.fetch(door.href, options);
      return true;
    } catch {
      return false;
    } finally {
      this.environment.clearTimeout(timer);
    }
  }

  #end(code: number, reason: string): void {
    this.#stop(code, reason, code === 4001 || reason === 'Invalid token' || reason === 'auth required');
  }

  #stop(code: number, reason: string, needsToken = false): void {
    this.#hints?.();
    this.#hints = null;
    this.#drop();
    this.#attempt = this.#failures = 0;
    this.#token.forget();
    this.#set({ state: CLOSED, code, reason, needsToken });
  }

  #drop(): void {
    const { environment } = this;
    const wasUp = this.#isUp;
    this.#isUp = false;
    this.#round++;
    for (const timer of [this.#timer, this.#ticker, this.#refresh]) environment.clearTimeout(timer);
    const transport = this.#transport;
    this.#transport = this.welcome = this.#farewell = null;
    this.#openedAt = 0;
    this.#pingedAt = Infinity;
    this.latency = null;
    transport?.close();
    if (this.status.state === OPEN) this.status = { ...this.status, state: CONNECTING };
    for (const id of [...this.#pending.keys()]) this.#settle(id, null, new BrokerError('closed', 'Connection closed'));
    if (wasUp) this.emit('down', undefined);
  }

  #set(status: Status): void {
    this.status = status;
    this.emit('status', status);
  }

  #lastEnd(): Pick<Status, 'code' | 'reason'> {
    const { code, reason } = this.status;
    return code === undefined ? {} : { code, reason };
  }

  /** Hints only: whether there is a way is found out by going it. */
  #listenForHints(): void {
    if (this.#hints || typeof globalThis.addEventListener !== 'function') return;
    const look = () => {
      if (this.status.state === OPEN) this.#probe();
      else if (this.status.retryIn !== undefined) void this.#begin(true);
    };
    const seen = () => { if (!document.hidden) look(); };
    const page = typeof document === 'undefined' ? null : document;
    globalThis.addEventListener('online', look);
    globalThis.addEventListener('offline', look);
    page?.addEventListener('visibilitychange', seen);
    this.#hints = () => {
      globalThis.removeEventListener('online', look);
      globalThis.removeEventListener('offline', look);
      page?.removeEventListener('visibilitychange', seen);
    };
  }
}
