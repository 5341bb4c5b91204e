// A WebSocket to a broker that restores itself. The messages and the close codes are those of docs/PROTOCOL.md.

const FIRST_DELAY = 500;      // ms before the first attempt to come back; doubles up to
const LONGEST_DELAY = 15000;  // ms
const SETTLED = 10000;        // ms a connection must last before the delay starts from the beginning again
const PROBE = 5000;           // ms between pings while somebody looks at the page
const SILENCE = 8000;         // ms without any byte after a ping: the connection is dead
const ANSWER = 10000;         // ms a request waits for its reply

const FINAL_CODES = new Set([1000, 1002, 1003, 1007, 4001, 4003]);

const EXPLANATIONS = new Map([
  ['', 'the node does not answer'],
  ['Invalid token', 'the token was not accepted'],
  ['Origin not allowed', 'this page’s origin is not in broker.origins.allow'],
  ['abuse', 'the node cut this connection for abuse'],
]);

/** Whether a close ends the matter; anything not known to be final is worth another attempt. */
const isFinal = (code, reason) => FINAL_CODES.has(code) || (code === 1008 && reason !== 'auth timeout');

export class Connection {
  #url; #token; #on; #socket = null; #timer = 0; #probe = 0;
  #attempt = 0; #openedAt = 0; #heardAt = 0; #pingedAt = -Infinity; #heartbeat = 25000;
  #farewell = null; #nextId = 1; #pending = new Map();

  /**
   * @param on {state(name, detail), welcome(message), ready(), message(message), wire(direction, text), latency(ms)}
   *   state names: connecting, open, waiting (detail: {until, why}), stopped (detail: {why})
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
      this.#stop('this node asks for a token: see Connection');
      return;
    }
    if (message.auth !== 'done' && this.#token) {
      try {
        await this.request({ type: 'auth', token: this.#token });
      } catch {
        return; // The server closes with the code that says why.
      }
    }
    this.#on.state('open');
    this.#on.ready();
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
    this.#on.wire('end', `closed ${code}${reason ? ' ' + reason : ''}`);
    this.#drop();
    const why = (code === 1006 || reason ? EXPLANATIONS.get(reason) : null) ?? `${code} ${reason}`.trim();
    if (farewell ? !farewell.reconnect : isFinal(code, reason)) {
      this.#on.state('stopped', { why: code === 4001 ? 'the token has expired' : why });
      return;
    }
    this.#wait(this.#delay(farewell?.after ?? 0), why);
  }

  // Success alone does not reset the delay: a node that accepts and drops at once must not be hammered.
  #delay(after) {
    if (this.#openedAt && performance.now() - this.#openedAt > SETTLED) this.#attempt = 0;
    this.#openedAt = 0;
    const backoff = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#attempt++);
    return after + backoff * (0.5 + Math.random() / 2);
  }

  #wait(delay, why) {
    this.#on.state('waiting', { until: performance.now() + delay, why });
    this.#timer = setTimeout(() => this.open(), delay);
  }

  #stop(why) {
    this.#drop();
    this.#on.state('stopped', { why });
  }

  #drop() {
    clearTimeout(this.#timer);
    clearInterval(this.#probe);
    const socket = this.#socket;
    this.#socket = null;
    this.#heardAt = 0;
    this.#pingedAt = -Infinity;
    socket?.close(1000);
    for (const id of [...this.#pending.keys()]) this.#settle(id, null, { code: 'closed', error: 'Connection closed' });
  }
}
