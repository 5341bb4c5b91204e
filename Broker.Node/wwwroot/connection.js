// A WebSocket to a broker that restores itself. The messages and the close codes are those of docs/PROTOCOL.md.

import { NO_CONNECTION, asksForToken, inWords, isFinal } from './closing.js';

const FIRST_DELAY = 500;      // ms at most before the first attempt to come back; doubles up to
const LONGEST_DELAY = 2000;   // ms while somebody looks at the page: few do. An app with many users waits longer
const HIDDEN_DELAY = 15000;   // ms while nobody does
const SETTLED = 10000;        // ms a connection must last before the delay starts from the beginning again
const PROBE = 5000;           // ms between pings while somebody looks at the page
const SILENCE = 8000;         // ms without any byte after a ping: the connection is dead
const ANSWER = 20000;         // ms a request waits for its reply: a node asks others for up to 15 s

export class Connection {
  #url; #token; #on; #socket = null; #timer = 0; #probe = 0;
  #attempt = 0; #openedAt = 0; #heardAt = 0; #pingedAt = -Infinity; #heartbeat = 25000;
  #farewell = null; #knocking = null; #nextId = 1; #pending = new Map();
  #seen = () => { if (!document.hidden) this.#knock(); };

  /**
   * @param on {state(name, detail), welcome(message), ready(user), message(message), wire(direction, text), latency(ms)}
   *   of ready the user, null for nobody; state names: connecting, open, waiting (detail: {until, why}), stopped (detail: {why, token: only another one helps})
   */
  constructor(url, token, on) {
    this.#url = url;
    this.#token = token;
    this.#on = on;
  }

  /** Connects now; also after `stopped` and during `waiting`. */
  open() {
    this.#drop();
    this.#farewell = null;
    this.#openedAt = 0;
    this.#on.state('connecting');
    let socket;
    try {
      socket = this.#socket = new WebSocket(this.#url, 'broker.v1.json');
    } catch (error) {
      this.#stop(error.message); // Such as ws: from a page that came over https:.
      return;
    }
    socket.onmessage = event => { if (socket === this.#socket) this.#receive(event.data); };
    socket.onclose = event => { if (socket === this.#socket) this.#closed(event.code, event.reason); };
  }

  /** Leaves for good. */
  close() {
    this.#drop();
    this.#on.state('stopped', { why: 'closed' });
  }

  /** Sends a request; resolves with its reply, rejects with {code, error}. */
  request(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject({ code: 'closed', error: 'Not connected' });
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id, null, { code: 'timeout', error: 'No answer' }), ANSWER);
      this.#pending.set(id, { resolve, reject, timer });
      this.#send({ ...message, id });
    });
  }

  #send(message) {
    const text = JSON.stringify(message);
    this.#socket.send(text);
    // What is shown to onlookers must not contain the credential.
    this.#on.wire('out', 'token' in message ? JSON.stringify({ ...message, token: '…' }) : text);
  }

  #receive(text) {
    this.#heardAt = performance.now();
    this.#on.wire('in', text);
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      this.#stop('the other side does not speak this protocol');
      return;
    }
    for (const message of Array.isArray(frame) ? frame : [frame]) this.#dispatch(message);
  }

  #dispatch(message) {
    if (message.id !== undefined && this.#pending.has(message.id)) {
      const failed = message.type === 'error';
      this.#settle(message.id, failed ? null : message, failed ? message : null);
    } else if (message.type === 'welcome') {
      this.#welcome(message);
    } else if (message.type === 'disconnecting') {
      this.#farewell = message;
    } else {
      this.#on.message(message);
    }
  }

  async #welcome(message) {
    this.#openedAt = performance.now();
    this.#heartbeat = message.heartbeat;
    this.#on.welcome(message);
    if (message.auth === 'required' && !this.#token) {
      this.#stop(inWords(1008, 'auth required'), true);
      return;
    }
    let user = message.user ?? null;
    if (message.auth !== 'done' && this.#token) {
      try {
        user = (await this.request({ type: 'auth', token: this.#token })).user;
      } catch (failure) {
        // Of a token that is not good the server closes with the code that says why.
        if (failure.code === 'unavailable') this.#wait(failure.retryAfter ?? 0, failure.error);
        return;
      }
    }
    this.#on.state('open');
    this.#on.ready(user);
    this.#probe = setInterval(() => this.#tick(), 1000);
  }

  // Browsers do not show a page the server's pings, so a silent connection must be probed from here.
  #tick() {
    const now = performance.now();
    const waiting = this.#pingedAt > this.#heardAt;
    if (waiting && now - this.#pingedAt > SILENCE) {
      this.#closed(1006, 'no answer to ping');
    } else if (!waiting && now - this.#pingedAt > (document.hidden ? this.#heartbeat : PROBE)) {
      this.#ping();
    }
  }

  #ping() {
    const sent = this.#pingedAt = performance.now();
    this.request({ type: 'ping' }).then(() => this.#on.latency(performance.now() - sent), () => { });
  }

  #settle(id, reply, failure) {
    const { resolve, reject, timer } = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(timer);
    if (failure) reject(failure); else resolve(reply);
  }

  #closed(code, reason) {
    const farewell = this.#farewell;
    const words = code === 1006 && !this.#openedAt ? NO_CONNECTION : inWords(code, reason);
    const why = `${words} (${code})`;
    this.#on.wire('end', `closed ${code}${reason ? ` ${reason}` : ''}: ${words}`);
    if (asksForToken(code, reason)) this.#stop(why, true);
    else if (farewell ? !farewell.reconnect : isFinal(code, reason)) this.#stop(why);
    else this.#wait(farewell?.after ?? 0, why);
  }

  // Any time up to the bound, so that clients which lost their node together do not come back together. Success alone does not
  // reset the bound: a node that accepts and drops at once must not be hammered.
  #wait(after, why) {
    this.#drop();
    if (this.#openedAt && performance.now() - this.#openedAt > SETTLED) this.#attempt = 0;
    this.#openedAt = 0;
    const longest = document.hidden ? HIDDEN_DELAY : LONGEST_DELAY;
    const delay = after + Math.min(longest, FIRST_DELAY * 2 ** this.#attempt++) * Math.random();
    this.#on.state('waiting', { until: performance.now() + delay, why });
    this.#timer = setTimeout(() => this.#knock(), delay);
    document.addEventListener('visibilitychange', this.#seen);
  }

  // A browser holds back the WebSockets of a page of which many have failed, each for seconds; requests it does not hold back.
  async #knock() {
    this.#drop();
    const door = new URL('/', this.#url);
    door.protocol = door.protocol === 'wss:' ? 'https:' : 'http:';
    const knocking = this.#knocking = new AbortController();
    this.#timer = setTimeout(() => knocking.abort(), SILENCE);
    const options = { method: 'HEAD', mode: 'no-cors', cache: 'no-store', credentials: 'omit', signal: knocking.signal };
    const answers = await fetch(door, options).then(() => true, () => false);
    if (knocking !== this.#knocking) return;
    if (answers) this.open(); else this.#wait(0, NO_CONNECTION);
  }

  #stop(why, token = false) {
    this.#drop();
    this.#on.state('stopped', { why, token });
  }

  #drop() {
    clearTimeout(this.#timer);
    clearInterval(this.#probe);
    document.removeEventListener('visibilitychange', this.#seen);
    this.#knocking?.abort();
    this.#knocking = null;
    const socket = this.#socket;
    this.#socket = null;
    this.#heardAt = 0;
    this.#pingedAt = -Infinity;
    socket?.close(1000);
    for (const id of [...this.#pending.keys()]) this.#settle(id, null, { code: 'closed', error: 'Connection closed' });
  }
}
