// A clock that stands until it is moved, and a server of which each test says what it does.

import { connect } from '../../dist/index.js';
import assert from 'node:assert/strict';

/** Until nothing that was promised waits any more. */
export const settled = async () => {
  for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve));
};

export class Clock {
  time = 1000;
  #timers = new Map();
  #next = 1;

  setTimeout = (action, delay) => {
    this.#timers.set(this.#next, { action, at: this.time + Math.max(0, delay) });
    return this.#next++;
  };

  clearTimeout = timer => { this.#timers.delete(timer); };

  get count() { return this.#timers.size; }

  /** Runs what is due, in its order. */
  async pass(delay) {
    const until = this.time + delay;
    for (; ;) {
      await settled();
      const due = [...this.#timers].filter(([, timer]) => timer.at <= until).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at);
      due[1].action();
    }
    this.time = until;
    await settled();
  }
}

export const WELCOME = {
  type: 'welcome', connection: 'c1', node: 'n1', version: 1, time: 1_000_000, auth: 'optional', heartbeat: 25000,
  limits: { message: 65536, subscriptions: 128, rate: 60, burst: 120 },
};

export class Socket {
  bufferedAmount = 0;
  sent = [];
  isClosed = false;
  #read = 0;

  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
    Socket.server.sockets.push(this);
    queueMicrotask(() => Socket.server.behave?.(this));
  }

  send(frame) { this.sent.push(typeof frame === 'string' ? JSON.parse(frame) : frame); }
  close() { this.isClosed = true; }

  // The server's half.
  accept() { this.onopen?.(); }
  say(...messages) { for (const message of messages) this.onmessage?.({ data: JSON.stringify(message) }); }
  raw(data) { this.onmessage?.({ data }); }
  end(code = 1006, reason = '') { this.onclose?.({ code, reason }); }
  welcome(more = {}) {
    this.accept();
    this.say({ ...WELCOME, ...more });
  }

  /** The next request, which must be of that type. */
  async asked(type) {
    await settled();
    assert.ok(this.#read < this.sent.length, `nothing was sent, ${type} expected`);
    const message = this.sent[this.#read++];
    assert.equal(message.type, type);
    return message;
  }

  get isSilent() { return this.#read === this.sent.length; }

  async answer(type, reply) {
    const { id, ...request } = await this.asked(type);
    this.say({ ...reply, id });
    await settled();
    return request;
  }
}

export class Server {
  sockets = [];
  clock = new Clock();
  statuses = [];
  behave = null;
  random = 1;

  constructor() { Socket.server = this; }

  connect(options = {}) {
    const { clock } = this;
    const environment = {
      WebSocket: Socket, fetch: undefined, now: () => clock.time, random: () => this.random, setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout,
      ...options.environment,
    };
    this.client = connect('ws://broker.test/ws', { ...options, environment });
    this.client.on('status', status => this.statuses.push(status));
    return this.client;
  }

  get socket() { return this.sockets.at(-1); }
  get status() { return this.statuses.at(-1); }

  /** A client with a connection that is open. */
  async opened(options, welcome) {
    const client = this.connect(options);
    await settled();
    this.socket.welcome(welcome);
    await settled();
    assert.equal(client.state, 1);
    return client;
  }

  /** Lets time pass on a connection that answers pings. */
  async alive(delay) {
    for (let left = delay; left > 0; left -= 5000) {
      this.socket.say({ type: 'pong', time: 1 });
      await this.clock.pass(Math.min(left, 5000));
    }
  }

  /** Loses the connection, waits, and welcomes the next one. */
  async again(welcome, code = 1006) {
    const { length } = this.sockets;
    this.socket.end(code);
    for (let i = 0; i < 300 && this.sockets.length === length; i++) await this.clock.pass(100);
    assert.equal(this.sockets.length, length + 1);
    this.socket.welcome(welcome);
    await settled();
  }
}

/** The error a promise rejects with. */
export const failure = promise => promise.then(() => assert.fail('was fulfilled'), error => error);
