// Node's own HTTP/2 client opens WebSockets by extended CONNECT (RFC 8441): node http2.mjs <port> <root.pem>. Exits with 0 and says `passed`.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, constants } from 'node:http2';

const [, , port, root] = process.argv;
const session = connect(`https://localhost:${port}`, { ca: readFileSync(root) });
await once(session, 'remoteSettings');
assert.equal(session.alpnProtocol, 'h2');
assert.equal(session.remoteSettings.enableConnectProtocol, true);

const open = async (protocol, headers = {}) => {
  const stream = session.request({ ':method': 'CONNECT', ':protocol': protocol, ':path': '/ws', 'sec-websocket-version': '13', ...headers }, { endStream: false });
  const [answer] = await once(stream, 'response');
  return { stream, answer };
};

/** A masked frame of one piece. */
const frame = (opcode, payload) => {
  const key = randomBytes(4);
  const length = payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length]), key, payload.map((byte, i) => byte ^ key[i & 3])]);
};

class Peer {
  #buffer = Buffer.alloc(0);
  #ended = false;
  #wake = () => { };

  static async open() {
    const { stream, answer } = await open('websocket', { 'sec-websocket-protocol': 'broker.v1.json' });
    assert.equal(answer[':status'], 200);
    assert.equal(answer['sec-websocket-protocol'], 'broker.v1.json');
    assert.equal(answer['sec-websocket-accept'], undefined);
    const peer = new Peer(stream);
    assert.equal((await peer.next()).type, 'welcome');
    return peer;
  }

  constructor(stream) {
    this.stream = stream;
    stream.on('data', bytes => { this.#buffer = Buffer.concat([this.#buffer, bytes]); this.#wake(); });
    stream.on('end', () => { this.#ended = true; this.#wake(); });
  }

  async #bytes(count) {
    while (this.#buffer.length < count) {
      assert.ok(!this.#ended, 'the stream ended');
      await new Promise(resolve => { this.#wake = resolve; });
    }
    const bytes = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return bytes;
  }

  async frame() {
    const [first, second] = await this.#bytes(2);
    const length = second < 126 ? second : second === 126 ? (await this.#bytes(2)).readUInt16BE() : Number((await this.#bytes(8)).readBigUInt64BE());
    return { opcode: first & 15, payload: await this.#bytes(length) };
  }

  async next() {
    const { opcode, payload } = await this.frame();
    assert.equal(opcode, 1);
    return JSON.parse(payload.toString());
  }

  ask(message) {
    this.stream.write(frame(1, Buffer.from(JSON.stringify(message))));
    return this.next();
  }

  async close() {
    this.stream.write(frame(8, Buffer.from([3, 232])));
    const { opcode, payload } = await this.frame();
    assert.deepEqual([opcode, payload.readUInt16BE()], [8, 1000]);
    if (!this.#ended) await once(this.stream, 'end');
    this.stream.end();
    await once(this.stream, 'close');
    assert.equal(this.stream.rstCode, constants.NGHTTP2_NO_ERROR);
  }
}

const ann = await Peer.open();
const bob = await Peer.open();
assert.equal((await ann.ask({ type: 'subscribe', topic: 'node.http2', id: 1 })).type, 'subscribed');
const text = 'x'.repeat(50_000);
assert.equal((await bob.ask({ type: 'publish', topic: 'node.http2', data: text, id: 2 })).type, 'published');
assert.equal((await ann.next()).data, text);

const unknown = await open('connect-udp');
assert.equal(unknown.answer[':status'], 501);
unknown.stream.close();

// One reset stream is no end of the others.
const gone = await Peer.open();
gone.stream.close(constants.NGHTTP2_CANCEL);
assert.equal((await ann.ask({ type: 'ping', id: 3 })).type, 'pong');
await ann.close();
await bob.close();
session.close();
await once(session, 'close');
console.log('passed');
