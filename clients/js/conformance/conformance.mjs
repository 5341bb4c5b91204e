// Plays the server's part and checks a client: node conformance.mjs <command that starts the client> [argument ...]
//
// The command gets one more argument, the address to connect to. Its program subscribes to chat.conformance, and speaks in lines:
//   out   message <data as JSON>     for every message, in their order
//         gap                        where something may be missing
//         closed <code>              when it has stopped for good
//   in    publish <key> <text>       publish the text to the topic, with that key
// It has the token `good`. Exits with 0 where all checks pass. docs/WRITING-A-CLIENT.md says more.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { WebSocketServer } from 'ws';

const TOPIC = 'chat.conformance';
const PATIENCE = 15000;   // ms for anything the client should do
const START = 60000;      // ms for its program to start
const AT_A_TIME = 4;
const [program, ...args] = process.argv.slice(2);
if (!program) {
  console.error('usage: node conformance.mjs <command that starts the client> [argument ...]');
  process.exit(2);
}

const sleep = delay => new Promise(resolve => setTimeout(resolve, delay));
const assert = (condition, what) => { if (!condition) throw new Error(what); };

/** What comes one by one, and may be waited for. */
class Queue {
  #items = [];
  #waiting = [];
  push(item) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(item); else this.#items.push(item);
  }
  get isEmpty() { return this.#items.length === 0; }
  next(what, patience = PATIENCE) {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${what} did not come within ${patience} ms`)), patience);
      this.#waiting.push(item => { clearTimeout(timer); resolve(item); });
    });
  }
}

/** A connection of the client, from the server's side. */
class Peer {
  #messages = new Queue();
  openedAt = performance.now();
  constructor(socket) {
    this.socket = socket;
    this.closed = once(socket, 'close');
    socket.on('message', data => {
      const frame = JSON.parse(data);
      for (const message of Array.isArray(frame) ? frame : [frame]) this.#messages.push(message);
    });
  }
  get isSilent() { return this.#messages.isEmpty; }
  say(message) { this.socket.send(JSON.stringify(message)); }
  message(offset, data = offset) { return { type: 'message', topic: TOPIC, data, offset }; }
  welcome(more) {
    this.say({ type: 'welcome', connection: 'c', node: 'n', version: 1, time: Date.now(), auth: 'optional', heartbeat: 25000, limits: { message: 65536, subscriptions: 128, rate: 60, burst: 120 }, ...more });
  }
  /** The next message of that type. What is not asked about, such as a ping, is answered as a server does. */
  async asked(type, patience) {
    for (; ;) {
      const message = await this.#messages.next(type, patience);
      if (message.type === type) return message;
      if (message.type === 'auth') this.say({ type: 'authenticated', id: message.id, user: 'ada', expires: Date.now() + 3_600_000 });
      else if (message.type === 'ping') this.say({ type: 'pong', id: message.id, time: Date.now() });
      else throw new Error(`${type} expected, and this came: ${JSON.stringify(message)}`);
    }
  }
  async subscribed(reply) {
    const request = await this.asked('subscribe');
    assert(request.topic === TOPIC, `subscribed to ${request.topic}`);
    this.say({ type: 'subscribed', id: request.id, topic: TOPIC, epoch: 'e', offset: 0, ...reply });
    return request;
  }
  close(code, reason, after) {
    if (after !== undefined) this.say({ type: 'disconnecting', code, reason, reconnect: true, after });
    this.socket.close(code, reason);
  }
  cut() { this.socket.terminate(); }
}

class Stage {
  #lines = new Queue();
  #peers = new Queue();
  #hasCome = false;
  async start() {
    this.server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: offered => [...offered].find(name => name === 'broker.v1.json') ?? false });
    await once(this.server, 'listening');
    this.server.on('connection', socket => this.#peers.push(new Peer(socket)));
    this.client = spawn(program, [...args, `ws://127.0.0.1:${this.server.address().port}/ws`], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.client.stdin.on('error', () => { });
    createInterface({ input: this.client.stdout }).on('line', line => this.#lines.push(line));
  }
  connection(patience) {
    const limit = this.#hasCome ? patience ?? PATIENCE : START;
    this.#hasCome = true;
    return this.#peers.next('a connection', limit);
  }
  get isAlone() { return this.#peers.isEmpty; }
  async said(...lines) {
    for (const line of lines) {
      const said = await this.#lines.next(`the line "${line}"`);
      assert(said === line, `the line "${line}" expected, and this came: "${said}"`);
    }
  }
  publish(key, text) { this.client.stdin.write(`publish ${key} ${text}\n`); }
  /** A connection with a subscription behind message 0. */
  async live(welcome, reply) {
    const peer = await this.connection();
    peer.welcome(welcome);
    await peer.subscribed(reply);
    return peer;
  }
  async stop() {
    this.client.kill('SIGKILL');
    for (const socket of this.server.clients) socket.terminate();
    this.server.close();
  }
}

const checks = {
  async 'says nothing before the welcome'(stage) {
    const peer = await stage.connection();
    await sleep(300);
    assert(peer.isSilent, 'it spoke first');
    peer.welcome();
    await peer.subscribed();
  },
  async 'sends its token first where that is required'(stage) {
    const peer = await stage.connection();
    peer.welcome({ auth: 'required' });
    const { id, token } = await peer.asked('auth');
    assert(token === 'good', `the token is ${token}`);
    peer.say({ type: 'authenticated', id, user: 'ada', expires: Date.now() + 3_600_000 });
    await peer.subscribed();
  },
  async 'takes messages in their order, and arrays apart'(stage) {
    const peer = await stage.live();
    peer.say(peer.message(1, 'ä'));
    peer.say([peer.message(2, { a: [1] }), peer.message(3, null)]);
    await stage.said('message "ä"', 'message {"a":[1]}', 'message null');
  },
  async 'ignores types and keys it does not know'(stage) {
    const peer = await stage.live();
    peer.say({ type: 'of.tomorrow', topic: TOPIC, data: 1 });
    peer.say({ ...peer.message(1), more: { of: 'tomorrow' } });
    await stage.said('message 1');
  },
  async 'drops what it has seen'(stage) {
    const peer = await stage.live();
    for (const offset of [1, 2, 2, 1, 3]) peer.say(peer.message(offset));
    await stage.said('message 1', 'message 2', 'message 3');
  },
  async 'comes back behind the last message'(stage) {
    const peer = await stage.live();
    peer.say(peer.message(1));
    peer.say(peer.message(2));
    await stage.said('message 1', 'message 2');
    peer.cut();
    const again = await stage.connection();
    again.welcome();
    const { recover } = await again.subscribed({ offset: 4, recovered: true });
    assert(recover?.epoch === 'e' && recover.offset === 2, `recover is ${JSON.stringify(recover)}`);
    again.say(peer.message(3));
    again.say(peer.message(4));
    await stage.said('message 3', 'message 4');
  },
  async 'says what could not be recovered'(stage) {
    (await stage.live()).cut();
    const again = await stage.connection();
    again.welcome();
    await again.subscribed({ epoch: 'f', offset: 9, recovered: false });
    again.say(again.message(10));
    await stage.said('gap', 'message 10');
  },
  async 'says the gaps of the server and goes on from there'(stage) {
    const peer = await stage.live();
    peer.say(peer.message(1));
    peer.say({ type: 'gap', topic: TOPIC, epoch: 'f', offset: 7 });
    peer.say(peer.message(8));
    await stage.said('message 1', 'gap', 'message 8');
    peer.cut();
    const again = await stage.connection();
    again.welcome();
    const { recover } = await again.asked('subscribe');
    assert(recover?.epoch === 'f' && recover.offset === 8, `recover is ${JSON.stringify(recover)}`);
  },
  async 'subscribes again after unavailable'(stage) {
    const peer = await stage.connection();
    peer.welcome();
    const { id } = await peer.asked('subscribe');
    peer.say({ type: 'error', id, code: 'unavailable', error: 'Not available', topic: TOPIC, retryAfter: 200 });
    await peer.subscribed();
  },
  async 'stays away as long as disconnecting says'(stage) {
    const peer = await stage.live();
    const told = performance.now();
    peer.close(1012, 'restart', 2000);
    const away = (await stage.connection()).openedAt - told;
    assert(away >= 2000, `back after ${Math.round(away)} ms`);
  },
  async 'waits 0.3 to 0.5 s before it first comes back'(stage) {
    const peer = await stage.live();
    const lost = performance.now();
    peer.cut();
    const away = (await stage.connection()).openedAt - lost;
    assert(away >= 280 && away < 2500, `back after ${Math.round(away)} ms`);
  },
  async 'does not hammer a node that drops it at once'(stage) {
    let peer = await stage.connection();
    const end = performance.now() + 6000;
    for (let count = 1; peer; count++) {
      assert(count < 12, `${count} connections in 6 s`);
      peer.welcome();
      peer.cut();
      peer = await stage.connection(end - performance.now()).catch(() => null);
    }
  },
  async 'stops where coming back does not help'(stage) {
    for (const [code, reason] of [[4003, 'revoked']]) {
      (await stage.live()).close(code, reason);
      await stage.said(`closed ${code}`);
      await sleep(2500);
      assert(stage.isAlone, 'it came back');
    }
  },
  async 'stops after abuse, and comes back where there were too many'(stage) {
    (await stage.live()).close(1008, 'too many connections');
    (await stage.live({}, { recovered: true })).close(1008, 'abuse');
    await stage.said('closed 1008');
    await sleep(2500);
    assert(stage.isAlone, 'it came back');
  },
  async 'finds a silent connection dead'(stage) {
    const peer = await stage.live({ heartbeat: 1000 });
    const { id } = await peer.asked('ping', 5000);
    peer.say({ type: 'pong', id, time: Date.now() });
    await peer.asked('ping', 5000);
    const asked = performance.now();
    const again = await stage.connection();
    const waited = again.openedAt - asked;
    assert(waited > 7500, `given up after ${Math.round(waited)} ms`);
  },
  async 'sends a publish again until it is answered'(stage) {
    const peer = await stage.connection();
    peer.welcome({ auth: 'done', user: 'ada' });
    await peer.subscribed();
    stage.publish('k1', 'hello');
    const { key, data } = await peer.asked('publish');
    assert(key === 'k1' && data === 'hello', `published ${JSON.stringify({ key, data })}`);
    peer.cut();
    const again = await stage.connection();
    again.welcome({ auth: 'done', user: 'ada' });
    await again.subscribed({ recovered: true });
    const repeated = await again.asked('publish');
    assert(repeated.key === 'k1' && repeated.data === 'hello', `repeated ${JSON.stringify(repeated)}`);
    again.say({ type: 'published', id: repeated.id, topic: TOPIC, epoch: 'e', offset: 1, copies: 1 });
    await sleep(300);
    assert(again.isSilent, 'sent again after the answer');
  },
};

const waiting = Object.entries(checks);
let failed = 0;
async function work() {
  for (let next; (next = waiting.shift());) {
    const [name, check] = next;
    const stage = new Stage();
    try {
      await stage.start();
      await check(stage);
      console.log(`ok      ${name}`);
    } catch (error) {
      failed++;
      console.log(`not ok  ${name}: ${error.message}`);
    } finally {
      await stage.stop();
    }
  }
}
await Promise.all(Array.from({ length: AT_A_TIME }, work));
console.log(`${Object.keys(checks).length - failed} of ${Object.keys(checks).length} checks passed`);
process.exit(failed ? 1 : 0);
