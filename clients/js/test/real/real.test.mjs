// The scenarios against nodes behind a proxy, in Node.js and in Chromium: node --test test/real/

import { decode, encode } from '@msgpack/msgpack';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import WebSocket from 'ws';
import { connect } from '../../dist/index.js';
import { msgpack } from '../../dist/msgpack.js';
import { Node, TOKENS, token } from './nodes.mjs';
import { Proxy } from './proxy.mjs';
import { run, scenarios } from './scenarios.mjs';

const SETTINGS = { ...TOKENS, 'heartbeat.interval': '1s' };
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const only = process.env.SCENARIO ? Object.keys(scenarios).filter(name => new RegExp(process.env.SCENARIO).test(name)) : Object.keys(scenarios);
const sleep = delay => new Promise(resolve => setTimeout(resolve, delay));
const environment = { WebSocket };

let first, stopping = {}, publisher;

before(async () => {
  first = await Node.start({ settings: SETTINGS });
  publisher = connect(`ws://127.0.0.1:${first.port}/ws`, { environment });
});
after(async () => {
  publisher?.close();
  await first?.stop('SIGKILL');
});

/** What a scenario may ask for; each has a proxy of its own. */
function controls(proxy, place) {
  return {
    cut() { proxy.cut(); },
    freeze() { proxy.freeze(); },
    mode(mode) { proxy.mode = mode; },
    rate(rate) { proxy.rate = rate; },
    token,
    async node() {
      stopping[place] = await Node.start({ seeds: [first.cluster], settings: SETTINGS });
      proxy.target = stopping[place].port;
    },
    async stop() {
      proxy.target = first.port;
      await stopping[place].stop();
    },
    async publish(topic, count, every) {
      for (let i = 1; i <= count; i++) {
        await publisher.publish(topic, i);
        await sleep(every);
      }
    },
    async flood(topic, megabytes) {
      const data = 'x'.repeat(32 * 1024);
      for (let i = 0; i < megabytes * 32; i++) await publisher.publish(topic, data);
    },
  };
}

describe('in Node.js', { concurrency: true }, () => {
  for (const name of only) {
    test(name, async () => {
      const proxy = await Proxy.start(first.port);
      const control = controls(proxy, `node-${name}`);
      const url = `ws://127.0.0.1:${proxy.port}/ws`;
      const context = { name: 'node', url, connect: (address, options) => connect(address, { environment, ...options }), control: async (method, ...values) => control[method](...values) };
      try {
        assert.equal(await run(name, context), null);
      } finally {
        await proxy.stop();
      }
    });
  }
});

test('MessagePack and gathered pushes, both ways', async () => {
  const url = `ws://127.0.0.1:${first.port}/ws`;
  const client = connect(url, { environment, codec: msgpack, batch: 20 });
  const topic = client.subscribe('chat.packed');
  await topic.ready;
  const heard = [];
  topic.on('message', ({ data }) => heard.push(data));
  await client.publish('chat.packed', new Uint8Array([1, 2, 3]));
  await publisher.publish('chat.packed', { a: 'ä' });
  await sleep(300);
  assert.deepEqual(heard.map(data => data instanceof Uint8Array ? [...data] : data), [[1, 2, 3], { a: 'ä' }]);
  assert.deepEqual(decode(encode(heard[1])), heard[1]);
  client.close();
});

test('in Chromium', { skip: CHROMIUM ? false : 'no Chromium', concurrency: true }, async t => {
  const proxies = new Map();
  const results = new Map(only.map(name => {
    let resolve;
    const result = new Promise(done => { resolve = done; });
    return [name, { resolve, result }];
  }));
  for (const name of only) {
    const proxy = await Proxy.start(first.port);
    proxies.set(name, { proxy, control: controls(proxy, `page-${name}`) });
  }
  const list = JSON.stringify(only.map(name => [name, `ws://127.0.0.1:${proxies.get(name).proxy.port}/ws`]));
  const page = `<!doctype html><title>Scenarios</title><script type="module">
    import { connect } from '/broker.js';
    import { run } from '/scenarios.mjs';
    for (const [name, url] of ${list}) {
      const post = (path, body) => fetch(path + '?' + encodeURIComponent(name), { method: 'POST', body: JSON.stringify(body) }).then(answer => answer.json());
      run(name, { name: 'page', url, connect, control: (...call) => post('/control', call) }).then(error => post('/result', error));
    }
  </script>`;
  const files = { '/broker.js': readFileSync(new URL('../../broker.js', import.meta.url)), '/scenarios.mjs': readFileSync(new URL('scenarios.mjs', import.meta.url)) };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (request.method === 'GET') {
      response.setHeader('Content-Type', url.pathname === '/' ? 'text/html' : 'text/javascript').end(files[url.pathname] ?? page);
      return;
    }
    const body = [];
    for await (const piece of request) body.push(piece);
    const name = decodeURIComponent(url.search.slice(1));
    const value = JSON.parse(Buffer.concat(body).toString());
    if (url.pathname === '/result') results.get(name).resolve(value);
    const answer = url.pathname === '/control' ? await proxies.get(name).control[value[0]](...value.slice(1)) : null;
    response.end(JSON.stringify(answer ?? null));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const profile = mkdtempSync(join(tmpdir(), 'broker-page-'));
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', `--user-data-dir=${profile}`];
  const chromium = spawn(CHROMIUM, [...flags, `http://127.0.0.1:${server.address().port}/`], { stdio: 'ignore' });
  try {
    await Promise.all(only.map(name => t.test(name, { timeout: 120_000 }, async () => assert.equal(await results.get(name).result, null))));
  } finally {
    chromium.kill('SIGKILL');
    await once(chromium, 'exit');
    server.close();
    server.closeAllConnections();
    for (const { proxy } of proxies.values()) await proxy.stop();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
});
