// A TCP proxy that does what networks and other proxies do to connections.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Proxy {
  #server = createServer(client => this.#accept(client));
  #pairs = new Set();
  #held = false;
  /** Where to: a port of this machine. */
  target;
  /** `pass`; `refuse`: reset at once; `block`: 403 to upgrades; `snap`: upgrades are accepted and closed at once; `buffer`: answers that are streams are held back, upgrades blocked. */
  mode = 'pass';
  /** Bytes a second to the client; 0: as they come. */
  rate = 0;
  accepted = 0;

  static async start(target) {
    const proxy = new Proxy();
    proxy.target = target;
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port() { return this.#server.address().port; }

  /** Every connection, as a cable that is pulled where both ends notice. */
  cut() {
    for (const pair of [...this.#pairs]) pair.end();
  }

  /** Connections there are now neither end nor pass anything on: neither end notices. */
  freeze() {
    for (const pair of this.#pairs) pair.frozen = true;
  }

  async stop() {
    this.cut();
    this.#server.close();
  }

  #accept(client) {
    this.accepted++;
    client.on('error', () => { });
    if (this.mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    client.once('data', first => this.#begin(client, first));
  }

  #begin(client, first) {
    const head = first.toString('latin1');
    const upgrades = /^upgrade: *websocket/im.test(head);
    if (upgrades && (this.mode === 'block' || this.mode === 'buffer')) {
      client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    const server = connect(this.target, '127.0.0.1');
    const pair = { frozen: false, end: () => { client.destroy(); server.destroy(); this.#pairs.delete(pair); } };
    this.#pairs.add(pair);
    server.on('error', () => { });
    server.on('close', () => { if (!pair.frozen) pair.end(); });
    client.on('close', () => { if (!pair.frozen) pair.end(); });
    server.write(first);
    client.on('data', data => { if (!pair.frozen) server.write(data); });
    server.on('data', data => {
      if (pair.frozen) return;
      if (upgrades && this.mode === 'snap') client.end(data.subarray(0, data.indexOf('\r\n\r\n') + 4));
      else if (this.mode === 'buffer' && /^content-type: *text\/event-stream/im.test(data.toString('latin1'))) server.pause();
      else this.#pass(server, client, data);
    });
  }

  #pass(server, client, data) {
    client.write(data);
    if (this.rate === 0) return;
    server.pause();
    setTimeout(() => server.resume(), 1000 * data.length / this.rate);
  }
}
