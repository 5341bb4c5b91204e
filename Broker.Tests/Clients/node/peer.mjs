// Clients built on `ws`: node peer.mjs <scenario> <ws address>. Exits with 0 and says `passed` when all was as PROTOCOL.md has it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import WebSocket from 'ws';
import { decode, encode } from '@msgpack/msgpack';

const [, , scenario, address] = process.argv;

class Peer {
  #arrived = [];
  #waiting = [];

  static async open(protocols = [], options = {}) {
    const peer = new Peer(new WebSocket(address, protocols, options), protocols.includes('broker.v1.msgpack'));
    await once(peer.socket, 'open');
    peer.welcome = await peer.next();
    assert.equal(peer.welcome.type, 'welcome');
    return peer;
  }

  constructor(socket, binary) {
    this.socket = socket;
    this.encode = binary ? encode : JSON.stringify;
    this.closed = new Promise(resolve => socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })));
    socket.on('message', (data, isBinary) => {
      assert.equal(isBinary, binary, 'JSON travels in text frames, MessagePack in binary ones');
      const frame = binary ? decode(data) : JSON.parse(data);
      for (const message of Array.isArray(frame) ? frame : [frame]) this.#take(message);
    });
    this.closed.then(({ code, reason }) => this.#waiting.forEach(waiter => waiter.reject(new Error(`closed with ${code} ${reason}`))));
  }

  #take(message) {
    const waiter = this.#waiting.shift();
    if (waiter) waiter.resolve(message); else this.#arrived.push(message);
  }

  next() {
    if (this.#arrived.length > 0) return Promise.resolve(this.#arrived.shift());
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Sends and returns the very next message. */
  ask(message) {
    this.socket.send(this.encode(message));
    return this.next();
  }

  async close() {
    this.socket.close(1000);
    return this.closed;
  }
}

const refusal = (protocols, options) => new Promise((resolve, reject) => {
  const socket = new WebSocket(address, protocols, options);
  socket.on('unexpected-response', (request, response) => {
    resolve(response.statusCode);
    request.destroy();
  });
  socket.on('open', () => reject(new Error('accepted')));
  socket.on('error', () => { });
});

const scenarios = {
  // The exchange of the README, key for key, in a room where nobody was before.
  async readme() {
    const ann = await Peer.open();
    const bob = await Peer.open();
    const topic = `chat.${ann.welcome.connection}`;
    const { epoch, presence, ...subscribed } = await ann.ask({ type: 'subscribe', topic, last: 10, presence: true, id: 1 });
    assert.deepEqual(subscribed, { type: 'subscribed', id: 1, topic, offset: 0 });
    assert.ok(Array.isArray(presence.members));
    // Its own join may come first.
    const said = async peer => {
      for (let message; ;) if ((message = await peer.next()).type !== 'join') return message;
    };
    assert.deepEqual(await bob.ask({ type: 'publish', topic, data: 'Hello!', id: 1 }), { type: 'published', id: 1, topic, epoch, offset: 1, copies: 1 });
    const { time, ...message } = await said(ann);
    assert.deepEqual(message, { type: 'message', topic, data: 'Hello!', from: { user: null, connection: bob.welcome.connection }, offset: 1 });
    assert.ok(Math.abs(Date.now() - time) < 60_000);

    const back = await Peer.open();
    await bob.ask({ type: 'publish', topic, data: 'Still there?', id: 2 });
    const again = await back.ask({ type: 'subscribe', topic, recover: { epoch, offset: 1 }, last: 10, id: 1 });
    assert.deepEqual(again, { type: 'subscribed', id: 1, topic, epoch, offset: 2, recovered: true });
    assert.equal((await back.next()).data, 'Still there?');
    assert.equal((await back.close()).code, 1000);
    assert.equal((await ann.close()).code, 1000);
    assert.equal((await bob.close()).code, 1000);
  },

  async replies() {
    const peer = await Peer.open();
    const { connection, node, version, time, auth, heartbeat, limits } = peer.welcome;
    for (const text of [connection, node]) assert.ok(typeof text === 'string' && text.length > 0);
    assert.equal(version, 1);
    assert.ok(Math.abs(Date.now() - time) < 60_000);
    assert.equal(auth, 'optional');
    assert.equal(heartbeat, 25000);
    for (const name of ['message', 'subscriptions', 'rate', 'burst']) assert.ok(Number.isInteger(limits[name]), name);

    const pong = await peer.ask({ type: 'ping', id: 7 });
    assert.equal(pong.type, 'pong');
    assert.equal(pong.id, 7);
    assert.ok(Number.isInteger(pong.time));

    // The reply to a publish comes before the own copy; without an id there is none.
    await peer.ask({ type: 'subscribe', topic: 'peer.replies', id: 1 });
    assert.equal((await peer.ask({ type: 'publish', topic: 'peer.replies', data: [1, { a: null }], id: 2 })).type, 'published');
    assert.deepEqual((await peer.next()).data, [1, { a: null }]);
    assert.equal((await peer.ask({ type: 'publish', topic: 'peer.replies', data: 'no id' })).type, 'message');

    // Repeating either is no error, and nothing comes after `unsubscribed`.
    assert.equal((await peer.ask({ type: 'subscribe', topic: 'peer.replies', id: 3 })).type, 'subscribed');
    assert.equal((await peer.ask({ type: 'unsubscribe', topic: 'peer.replies', id: 4 })).type, 'unsubscribed');
    assert.equal((await peer.ask({ type: 'unsubscribe', topic: 'peer.replies', id: 5 })).type, 'unsubscribed');
    assert.equal((await peer.ask({ type: 'publish', topic: 'peer.replies', data: 0, id: 6 })).type, 'published');
    assert.equal((await peer.ask({ type: 'ping', id: 8 })).id, 8);

    // Without an own copy when so asked.
    await peer.ask({ type: 'subscribe', topic: 'peer.echo', id: 9 });
    assert.equal((await peer.ask({ type: 'publish', topic: 'peer.echo', data: 1, echo: false, id: 10 })).type, 'published');
    assert.equal((await peer.ask({ type: 'publish', topic: 'peer.echo', data: 2, id: 11 })).type, 'published');
    assert.equal((await peer.next()).data, 2);
    await peer.close();
  },

  async pattern() {
    const peer = await Peer.open();
    const { type, id, topic } = await peer.ask({ type: 'subscribe', topic: 'peer.*.eu', id: 1 });
    assert.deepEqual({ type, id, topic }, { type: 'subscribed', id: 1, topic: 'peer.*.eu' });
    const publisher = await Peer.open();
    assert.equal((await publisher.ask({ type: 'publish', topic: 'peer.north.us', data: 1, id: 2 })).type, 'published');
    assert.equal((await publisher.ask({ type: 'publish', topic: 'peer.north.eu', data: 2, id: 3 })).type, 'published');
    assert.deepEqual(await peer.next(), { type: 'message', topic: 'peer.north.eu', data: 2, pattern: 'peer.*.eu' });
    await peer.close();
    await publisher.close();
  },

  async order() {
    const publisher = await Peer.open();
    const subscribers = await Promise.all([Peer.open(), Peer.open(), Peer.open()]);
    for (const subscriber of subscribers) await subscriber.ask({ type: 'subscribe', topic: 'peer.order', id: 1 });
    const count = 1000;
    for (let i = 0; i < count; i++) publisher.socket.send(JSON.stringify({ type: 'publish', topic: 'peer.order', data: i }));
    for (const subscriber of subscribers) {
      for (let i = 0; i < count; i++) assert.equal((await subscriber.next()).data, i);
      await subscriber.close();
    }
    await publisher.close();
  },

  async arrays() {
    const peer = await Peer.open();
    peer.socket.send(JSON.stringify([
      { type: 'subscribe', topic: 'peer.arrays', id: 1 },
      { type: 'publish', topic: 'peer.arrays', data: 'in an array', id: 2 },
    ]));
    assert.equal((await peer.next()).type, 'subscribed');
    assert.equal((await peer.next()).type, 'published');
    assert.equal((await peer.next()).data, 'in an array');
    assert.equal((await peer.ask([])).code, 'invalid_message');
    await peer.close();
  },

  async errors() {
    const peer = await Peer.open();
    const fails = async (message, code) => {
      const answer = await peer.ask({ id: 'e', ...message });
      assert.deepEqual([answer.type, answer.id, answer.code], ['error', 'e', code]);
      assert.ok(answer.error.length > 0);
    };
    await fails({ type: 'dance' }, 'unknown_type');
    await fails({ type: 'subscribe', topic: 'a..b' }, 'invalid_topic');
    await fails({ type: 'publish', topic: 'a.*', data: 1 }, 'invalid_topic');
    await fails({ type: 'publish', topic: 'x'.repeat(256), data: 1 }, 'invalid_topic');
    await fails({ type: 'history', topic: 'peer.errors' }, 'unsupported');
    await fails({ type: 'presence', topic: 'peer.errors' }, 'unsupported');
    await fails({ type: 'publish', topic: 'peer.errors', data: 1, key: 'k' }, 'unsupported');

    peer.socket.send('{nonsense');
    const broken = await peer.next();
    assert.deepEqual([broken.code, broken.error], ['invalid_json', 'Invalid JSON']);
    const typeless = await peer.ask({ topic: 'peer.errors' });
    assert.deepEqual([typeless.code, typeless.error], ['invalid_message', 'Invalid message format']);
    assert.equal((await peer.ask({ type: 'ping', id: 1 })).type, 'pong', 'the connection lives on');
    await peer.close();
  },

  async subprotocols() {
    const plain = await Peer.open();
    assert.equal(plain.socket.protocol, '');
    await plain.close();
    const named = await Peer.open(['made.up', 'broker.v1.json']);
    assert.equal(named.socket.protocol, 'broker.v1.json');
    await named.close();
    assert.equal(await refusal(['made.up']), 400);
    assert.equal(await refusal(['bearer.abc']), 400);
    assert.equal(await refusal([], { headers: { authorization: 'Bearer nonsense' } }), 401);
  },

  async closes() {
    const ends = async act => {
      const peer = await Peer.open();
      act(peer.socket, peer.welcome.limits.message);
      return peer.closed;
    };
    assert.equal((await ends(socket => socket.send(Buffer.from('{}'), { binary: true }))).code, 1003);
    assert.equal((await ends(socket => socket.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false }))).code, 1007);
    assert.equal((await ends((socket, limit) => socket.send('x'.repeat(limit + 1)))).code, 1009);
    assert.equal((await ends(socket => socket.send('{"type":"ping"}', { mask: false }))).code, 1002);
    assert.equal((await ends(socket => socket.close(3000, 'my own'))).code, 3000);
    const abuse = await ends(socket => { for (let i = 0; i < 6; i++) socket.send('{nonsense'); });
    assert.deepEqual(abuse, { code: 1008, reason: 'abuse' });
  },

  async messagepack() {
    const binary = await Peer.open(['broker.v1.msgpack']);
    const text = await Peer.open();
    assert.equal(binary.socket.protocol, 'broker.v1.msgpack');
    assert.ok(Math.abs(Date.now() - binary.welcome.time) < 60_000);
    for (const peer of [binary, text]) {
      assert.deepEqual(await peer.ask({ type: 'subscribe', topic: 'peer.formats', id: 1 }), { type: 'subscribed', id: 1, topic: 'peer.formats' });
    }

    const data = { a: [1, -2.5, true, null, 'h\u00e9 \u{1F600}'], deep: { '': [] }, safe: Number.MAX_SAFE_INTEGER };
    for (const publisher of [binary, text]) {
      publisher.socket.send(publisher.encode({ type: 'publish', topic: 'peer.formats', data }));
      for (const peer of [binary, text]) assert.deepEqual(await peer.next(), { type: 'message', topic: 'peer.formats', data });
    }

    binary.socket.send(encode({ type: 'publish', topic: 'peer.formats', data: new Uint8Array([1, 2, 3]) }));
    assert.deepEqual([...(await binary.next()).data], [1, 2, 3]);
    assert.deepEqual(await text.next(), { type: 'message', topic: 'peer.formats', data: 'AQID', encoding: 'base64' });

    binary.socket.send(encode({ type: 'publish', topic: 'peer.formats', data: new Date() }));
    assert.equal((await binary.next()).code, 'invalid_message');
    assert.deepEqual((await binary.ask([{ type: 'ping', id: 'a' }])).id, 'a');
    binary.socket.send('{"type":"ping"}');
    assert.equal((await binary.closed).code, 1003);
    await text.close();
  },

  async heartbeat() {
    const peer = await Peer.open();
    const pong = once(peer.socket, 'pong');
    peer.socket.ping('are you there');
    assert.equal((await pong)[0].toString(), 'are you there');
    await peer.close();
  },
};

await scenarios[scenario]();
console.log(`passed ${scenario}`);
