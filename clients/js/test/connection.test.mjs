import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, failure, settled } from './support/fake.mjs';

test('states have the numbers of the WebSocket', async () => {
  const server = new Server();
  const client = server.connect();
  await settled();
  assert.equal(client.state, 0);
  server.socket.welcome();
  await settled();
  assert.equal(client.state, 1);
  assert.equal(client.transport, 'websocket');
  client.close();
  assert.deepEqual(server.statuses.map(({ state }) => state), [0, 1, 2, 3]);
  assert.equal(server.socket.isClosed, true);
  assert.equal(server.clock.count, 0);
});

test('token is sent after the welcome, and the connection is open after the answer', async () => {
  const server = new Server();
  const client = server.connect({ token: 'secret' });
  const lines = [];
  client.on('wire', line => lines.push(line));
  await settled();
  server.socket.welcome({ auth: 'required' });
  await settled();
  assert.equal(client.state, 0);
  assert.deepEqual(await server.socket.answer('auth', { type: 'authenticated', user: 'ada', expires: 2_000_000 }), { type: 'auth', token: 'secret' });
  assert.equal(client.state, 1);
  assert.equal(client.user, 'ada');
  assert.ok(lines.every(({ text }) => !text.includes('secret')));
});

test('token is not sent where the handshake has said who it is', async () => {
  const server = new Server();
  const client = await server.opened({ token: 'secret' }, { auth: 'done', user: 'ada' });
  assert.equal(client.user, 'ada');
  assert.ok(server.socket.isSilent);
});

test('node that asks for a token nobody has ends the matter', async () => {
  const server = new Server();
  server.connect();
  await settled();
  server.socket.welcome({ auth: 'required' });
  await settled();
  assert.deepEqual(server.status, { state: 3, code: 1008, reason: 'auth required', needsToken: true });
});

test('token is renewed before it expires, by the clock of the server', async () => {
  const server = new Server();
  const asked = [];
  const client = await server.opened({ token: refused => { asked.push(refused); return `t${asked.length}`; } }, { auth: 'done', user: 'ada', expires: 1_100_000 });
  await server.alive(79_000);
  assert.deepEqual(asked, [false]);
  server.socket.sent.length = 0;
  await server.clock.pass(1000);
  assert.deepEqual(asked, [false, true]);
  const { id, token } = server.socket.sent[0];
  assert.equal(token, 't2');
  server.socket.say({ type: 'authenticated', user: 'ada', expires: 1_200_000, id });
  await server.alive(94_000);
  assert.equal(asked.length, 2);
  await server.alive(2000);
  assert.equal(asked.length, 3);
  assert.equal(client.state, 1);
});

test('token that cannot be fetched is asked for again, and said', async () => {
  const server = new Server();
  let count = 0;
  const client = server.connect({ token: () => { if (count++ === 0) throw new Error('backend is down'); return 'good'; } });
  await settled();
  assert.equal(server.status.reason, 'no token: backend is down');
  assert.equal(server.sockets.length, 0);
  await server.clock.pass(500);
  assert.equal(count, 2);
  assert.equal(server.sockets.length, 1);
  client.close();
});

for (const [code, reason, ends] of [
  [1000, '', true], [1001, 'going away', false], [1002, '', true], [1003, '', true], [1006, '', false], [1007, '', true],
  [1008, 'Origin not allowed', true], [1008, 'abuse', true], [1008, 'auth required', true], [1008, 'auth timeout', false], [1008, 'too many connections', false],
  [1009, 'message too big', false], [1011, '', false], [1012, 'restart', false], [1013, 'slow consumer', false],
  [4000, 'of tomorrow', false], [4001, 'token expired', true], [4003, 'revoked', true],
]) {
  test(`close with ${code} ${reason} ${ends ? 'ends the matter' : 'is come back from'}`, async () => {
    const server = new Server();
    await server.opened();
    server.socket.end(code, reason);
    await settled();
    assert.equal(server.status.state, ends ? 3 : 0);
    assert.deepEqual([server.status.code, server.status.reason], [code, reason]);
    await server.clock.pass(60_000);
    assert.equal(server.sockets.length > 1, !ends);
    server.client.close();
  });
}

test('what disconnecting says stands over the code', async () => {
  const server = new Server();
  await server.opened();
  server.socket.say({ type: 'disconnecting', code: 1011, reason: '', reconnect: false, after: 0 });
  server.socket.end(1011);
  assert.equal(server.status.state, 3);
});

test('disconnecting says how long to stay away', async () => {
  const server = new Server();
  await server.opened();
  server.socket.say({ type: 'disconnecting', code: 1012, reason: 'restart', reconnect: true, after: 7000 });
  server.socket.end(1012, 'restart');
  assert.equal(server.status.retryIn, 7500);
  await server.clock.pass(7499);
  assert.equal(server.sockets.length, 1);
  await server.clock.pass(1);
  assert.equal(server.sockets.length, 2);
});

for (const [code, reason] of [[1008, 'Invalid token'], [4001, 'token expired']]) {
  test(`close with ${code} ${reason} is come back from with a fresh token, once`, async () => {
    const server = new Server();
    const asked = [];
    const client = server.connect({ token: refused => { asked.push(refused); return `t${asked.length}`; } });
    await settled();
    server.socket.welcome({ auth: 'required' });
    assert.equal((await server.socket.asked('auth')).token, 't1');
    server.socket.end(code, reason);
    await server.clock.pass(500);
    server.socket.welcome({ auth: 'required' });
    assert.equal((await server.socket.asked('auth')).token, 't2');
    assert.deepEqual(asked, [false, true]);
    server.socket.end(1008, 'Invalid token');
    assert.deepEqual(server.status, { state: 3, code: 1008, reason: 'Invalid token', needsToken: true });
    client.close();
  });
}

test('token that was good is kept for the next connection', async () => {
  const server = new Server();
  let count = 0;
  server.connect({ token: () => `t${++count}` });
  await settled();
  server.socket.welcome();
  await server.socket.answer('auth', { type: 'authenticated', user: 'ada', expires: 90_000_000 });
  await server.again();
  assert.equal((await server.socket.asked('auth')).token, 't1');
});

test('delays double up to a bound, with jitter', async () => {
  const server = new Server();
  const delays = [];
  server.random = 0;
  server.behave = socket => socket.end();
  const client = server.connect();
  await settled();
  assert.equal(server.status.retryIn, 300);
  client.close();

  server.random = 1;
  client.on('status', ({ retryIn }) => { if (retryIn) delays.push(retryIn); });
  client.open();
  await server.clock.pass(200_000);
  assert.deepEqual(delays.slice(0, 9), [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  client.close();
  assert.equal(server.clock.count, 0);
});

test('delay is reset by a connection that lasted and not by one that dropped at once', async () => {
  const server = new Server();
  await server.opened();
  for (const delay of [500, 1000, 2000]) {
    server.socket.end();
    assert.equal(server.status.retryIn, delay);
    await server.clock.pass(delay);
    server.socket.welcome();
    await settled();
  }
  await server.clock.pass(10_001);
  server.socket.end();
  assert.equal(server.status.retryIn, 500);
});

test('silent connection is pinged after the heartbeat and given up 8 s later', async () => {
  const server = new Server();
  await server.opened();
  await server.clock.pass(24_000);
  assert.ok(server.socket.isSilent);
  await server.clock.pass(2000);
  await server.socket.asked('ping');
  await server.clock.pass(7000);
  assert.equal(server.client.state, 1);
  await server.clock.pass(3000);
  assert.deepEqual([server.sockets[0].isClosed, server.sockets.length], [true, 2]);
  assert.equal(server.statuses.find(({ code }) => code).reason, 'no answer to ping');
});

test('whoever pings all the time finds a dead connection as soon', async () => {
  const server = new Server();
  const client = await server.opened();
  for (let i = 0; i < 5; i++) {
    client.ping().catch(() => { });
    await server.clock.pass(2000);
  }
  assert.equal(server.sockets[0].isClosed, true);
});

test('anything that is heard keeps the connection', async () => {
  const server = new Server();
  await server.opened();
  for (let i = 0; i < 10; i++) {
    await server.clock.pass(20_000);
    server.socket.say({ type: 'message', topic: 'x', data: 1 });
  }
  assert.ok(server.socket.isSilent);
  await server.clock.pass(26_000);
  await server.socket.answer('ping', { type: 'pong', time: 1 });
  await server.clock.pass(20_000);
  assert.equal(server.sockets.length, 1);
});

test('device that slept pings before it judges', async () => {
  const server = new Server();
  await server.opened();
  server.clock.time += 3_600_000;
  await server.clock.pass(1000);
  assert.equal(server.client.state, 1);
  await server.socket.answer('ping', { type: 'pong', time: 1 });
  await server.clock.pass(10_000);
  assert.equal(server.sockets.length, 1);
});

test('latency is that of the last ping', async () => {
  const server = new Server();
  const client = await server.opened();
  assert.equal(client.latency, null);
  const ping = client.ping();
  await server.clock.pass(40);
  await server.socket.answer('ping', { type: 'pong', time: 1 });
  assert.equal(await ping, 40);
  assert.equal(client.latency, 40);
});

test('what a connection that was given up still says is not heard', async () => {
  const server = new Server();
  const client = await server.opened();
  const chat = client.subscribe('chat.a');
  await server.socket.answer('subscribe', { type: 'subscribed', topic: 'chat.a' });
  const heard = [];
  chat.on('message', message => heard.push(message));
  const old = server.socket;
  await server.again();
  await server.socket.answer('subscribe', { type: 'subscribed', topic: 'chat.a' });
  old.say({ type: 'message', topic: 'chat.a', data: 'late' });
  old.end(1000);
  assert.deepEqual(heard, []);
  assert.equal(client.state, 1);
});

test('request waits for a connection, and fails when that ends', async () => {
  const server = new Server();
  const client = server.connect();
  const history = client.history('chat.a', { limit: 3 });
  await settled();
  server.socket.welcome();
  assert.deepEqual(await server.socket.answer('history', { type: 'history', topic: 'chat.a', messages: [] }), { type: 'history', topic: 'chat.a', limit: 3 });
  assert.deepEqual((await history).messages, []);

  const asked = failure(client.presence('chat.a'));
  await settled();
  server.socket.end();
  assert.equal((await asked).code, 'closed');
});

test('error of the server has its code and what else it says', async () => {
  const server = new Server();
  const client = await server.opened();
  const asked = failure(client.request({ type: 'call', room: 'r', method: 'm', data: null }));
  await server.socket.answer('call', { type: 'error', code: 'failed', error: 'Refused by the application', reason: 'not your turn', data: 7 });
  const { code, message, reason, data } = await asked;
  assert.deepEqual([code, message, reason, data], ['failed', 'Refused by the application', 'not your turn', 7]);
});

test('request nobody answers is given up', async () => {
  const server = new Server();
  const client = await server.opened();
  const asked = failure(client.request({ type: 'history', topic: 'a' }));
  await server.clock.pass(20_000);
  assert.equal((await asked).code, 'timeout');
});

test('message larger than the node takes is not sent', async () => {
  const server = new Server();
  const client = await server.opened({}, { limits: { message: 100, burst: 120 } });
  assert.equal((await failure(client.request({ type: 'call', data: 'ä'.repeat(60) }))).code, 'too_large');
  assert.ok(server.socket.isSilent);
});

test('handler that throws stops neither the others nor the connection', async () => {
  const server = new Server();
  const thrown = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.once('uncaughtException', error => thrown.push(error.message));
  const client = server.connect();
  const heard = [];
  client.on('welcome', () => { throw new Error('mine'); });
  client.on('welcome', ({ node }) => heard.push(node));
  await settled();
  server.socket.welcome();
  await settled();
  for (const listener of listeners) process.on('uncaughtException', listener);
  assert.deepEqual([heard, thrown, client.state], [['n1'], ['mine'], 1]);
});

test('handler may close in the middle of an array', async () => {
  const server = new Server();
  const client = await server.opened();
  const chat = client.subscribe('a');
  await server.socket.answer('subscribe', { type: 'subscribed', topic: 'a' });
  const heard = [];
  chat.on('message', ({ data }) => { heard.push(data); client.close(); });
  server.socket.say([{ type: 'message', topic: 'a', data: 1 }, { type: 'message', topic: 'a', data: 2 }]);
  assert.deepEqual(heard, [1]);
});

test('frame that is no message of the protocol ends the connection', async () => {
  const server = new Server();
  await server.opened();
  server.socket.raw('<html>');
  assert.deepEqual([server.status.state, server.status.code, server.status.reason], [0, 1006, 'not this protocol']);
});

test('batch is asked for in the address, and arrays are taken apart', async () => {
  const server = new Server();
  const client = await server.opened({ batch: 10 });
  assert.equal(server.socket.url, 'ws://broker.test/ws?batch=10');
  const chat = client.subscribe('a');
  await server.socket.answer('subscribe', { type: 'subscribed', topic: 'a' });
  const heard = [];
  chat.on('message', ({ data }) => heard.push(data));
  server.socket.say([{ type: 'message', topic: 'a', data: 1 }, { type: 'message', topic: 'a', data: 2 }]);
  assert.deepEqual(heard, [1, 2]);
});

test('buffered amount is that of the socket', async () => {
  const server = new Server();
  const client = await server.opened();
  server.socket.bufferedAmount = 77;
  assert.equal(client.bufferedAmount, 77);
});

test('open during a delay tries at once', async () => {
  const server = new Server();
  const client = await server.opened();
  server.socket.end();
  client.open();
  await settled();
  assert.equal(server.sockets.length, 2);
  client.open();
  await settled();
  assert.equal(server.sockets.length, 2);
});

test('thousand reconnections leave nothing behind', async () => {
  const server = new Server();
  const client = await server.opened();
  client.subscribe('a');
  await settled();
  const before = server.clock.count;
  for (let i = 0; i < 1000; i++) {
    server.socket.end();
    client.open();
    await settled();
    server.socket.welcome();
    await settled();
    server.sockets.splice(0, server.sockets.length - 1);
  }
  assert.equal(server.clock.count, before);
  client.close();
  assert.equal(server.clock.count, 0);
});
