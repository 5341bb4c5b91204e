import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, failure, settled } from './support/fake.mjs';

const T = 'chat.a';
const published = offset => ({ type: 'published', topic: T, epoch: 'e', offset, copies: 2 });
const ADA = { auth: 'done', user: 'ada' };

test('publish resolves with its position', async () => {
  const server = new Server();
  const client = await server.opened();
  const sent = client.publish(T, 'hi', { echo: false });
  assert.deepEqual(client.unpublished.count, 1);
  assert.deepEqual(await server.socket.answer('publish', published(3)), { type: 'publish', topic: T, data: 'hi', echo: false });
  assert.deepEqual(await sent, { topic: T, epoch: 'e', offset: 3, copies: 2 });
  assert.deepEqual(client.unpublished, { count: 0, bytes: 0 });
});

test('entry can be removed, on a condition', async () => {
  const server = new Server();
  const client = await server.opened();
  const sent = failure(client.publish(T, undefined, { entry: 'x', remove: true, if: { epoch: 'e', offset: 2 } }));
  const request = await server.socket.answer('publish', { type: 'error', code: 'conflict', error: '', epoch: 'e', offset: 4 });
  assert.deepEqual(request, { type: 'publish', topic: T, entry: 'x', remove: true, if: { epoch: 'e', offset: 2 } });
  assert.deepEqual([(await sent).code, (await sent).offset], ['conflict', 4]);
});

test('publishes wait for a connection, in their order', async () => {
  const server = new Server();
  const client = server.connect();
  const all = [1, 2, 3].map(data => client.publish(T, data));
  await settled();
  server.socket.welcome();
  for (const data of [1, 2, 3]) assert.equal((await server.socket.answer('publish', published(data))).data, data);
  assert.deepEqual((await Promise.all(all)).map(({ offset }) => offset), [1, 2, 3]);
});

test('buffer has a bound and says so', async () => {
  const server = new Server();
  const client = server.connect({ buffer: { publishes: 2 } });
  client.publish(T, 1);
  client.publish(T, 2);
  assert.equal((await failure(client.publish(T, 3))).code, 'buffer_full');
  assert.equal(client.unpublished.count, 2);

  const small = new Server();
  const other = small.connect({ buffer: { bytes: 100 } });
  assert.equal((await failure(other.publish(T, 'x'.repeat(100)))).code, 'buffer_full');
});

test('publish with a key is sent again after a lost connection, before what came later', async () => {
  const server = new Server();
  const client = await server.opened({}, ADA);
  const first = client.publish(T, 1, { key: true });
  const { key } = await server.socket.asked('publish');
  assert.match(key, /^[0-9a-f-]{36}$/);
  server.socket.end();
  const second = client.publish(T, 2);
  await server.clock.pass(500);
  server.socket.welcome(ADA);
  const again = await server.socket.answer('publish', published(1));
  assert.deepEqual([again.data, again.key], [1, key]);
  assert.equal((await server.socket.answer('publish', published(2))).data, 2);
  assert.deepEqual([(await first).offset, (await second).offset], [1, 2]);
});

test('publish without a key whose answer is lost has an outcome nobody knows', async () => {
  const server = new Server();
  const client = await server.opened({}, ADA);
  const sent = failure(client.publish(T, 1));
  await server.socket.asked('publish');
  await server.again(ADA);
  assert.equal((await sent).code, 'unknown');
  assert.ok(server.socket.isSilent);
});

test('keys of somebody anonymous end with the connection', async () => {
  const server = new Server();
  const client = await server.opened();
  const sent = failure(client.publish(T, 1, { key: 'k' }));
  await server.socket.asked('publish');
  await server.again();
  assert.equal((await sent).code, 'unknown');
  assert.ok(server.socket.isSilent);
});

test('publish is not sent again as another user', async () => {
  const server = new Server();
  const client = await server.opened({}, ADA);
  const sent = failure(client.publish(T, 1, { key: 'k' }));
  await server.socket.asked('publish');
  await server.again({ auth: 'done', user: 'bob' });
  assert.equal((await sent).code, 'unknown');
  assert.ok(server.socket.isSilent);
});

test('publish is not sent again after the server has forgotten its key', async () => {
  const server = new Server();
  server.behave = socket => { if (server.sockets.length > 1) socket.end(); };
  const client = await server.opened({}, ADA);
  const sent = failure(client.publish(T, 1, { key: 'k' }));
  await server.socket.asked('publish');
  server.socket.end();
  await server.clock.pass(280_000);
  server.behave = null;
  const { length } = server.sockets;
  while (server.sockets.length === length) await server.clock.pass(1000);
  server.socket.welcome(ADA);
  await settled();
  assert.equal((await sent).code, 'unknown');
  assert.ok(server.socket.isSilent);
});

for (const code of ['unavailable', 'rate_limited']) {
  test(`publish is sent again after ${code}, with or without a key, and nothing before it`, async () => {
    const server = new Server();
    const client = await server.opened();
    const first = client.publish(T, 1);
    await server.socket.answer('publish', { type: 'error', code, error: '', retryAfter: 200 });
    const second = client.publish(T, 2);
    await server.clock.pass(199);
    assert.ok(server.socket.isSilent);
    await server.clock.pass(1);
    assert.equal((await server.socket.answer('publish', published(1))).data, 1);
    assert.equal((await server.socket.answer('publish', published(2))).data, 2);
    await Promise.all([first, second]);
  });
}

test('timeout of the server is asked again with a key and an unknown outcome without', async () => {
  const server = new Server();
  const client = await server.opened();
  const [sure, unsure] = [client.publish(T, 1, { key: 'k' }), failure(client.publish(T, 2))];
  await server.socket.answer('publish', { type: 'error', code: 'timeout', error: '' });
  await server.socket.answer('publish', { type: 'error', code: 'timeout', error: '' });
  assert.equal((await unsure).code, 'unknown');
  await server.clock.pass(1000);
  assert.equal((await server.socket.answer('publish', published(7))).key, 'k');
  assert.equal((await sure).offset, 7);
});

test('any other error is the answer', async () => {
  const server = new Server();
  const client = await server.opened();
  const sent = failure(client.publish(T, 1, { key: 'k' }));
  await server.socket.answer('publish', { type: 'error', code: 'unsupported', error: '' });
  assert.equal((await sent).code, 'unsupported');
});

test('no more is sent at a time than half of what the node takes', async () => {
  const server = new Server();
  const client = await server.opened({}, { limits: { message: 65536, rate: 5, burst: 10 } });
  for (let i = 0; i < 20; i++) client.publish(T, i);
  await settled();
  assert.equal(server.socket.sent.length, 5);
  await server.socket.answer('publish', published(1));
  assert.equal(server.socket.sent.length, 6);
});

test('close rejects what waits: what was not sent is certain, what was is not', async () => {
  const server = new Server();
  const client = await server.opened({}, { ...ADA, limits: { burst: 2 } });
  const [sent, waits] = [failure(client.publish(T, 1, { key: 'k' })), failure(client.publish(T, 2))];
  client.close();
  assert.deepEqual([(await sent).code, (await waits).code], ['unknown', 'closed']);
  assert.equal((await failure(client.publish(T, 3))).code, 'closed');
});

test('fire and forget is not kept', async () => {
  const server = new Server();
  const client = await server.opened();
  assert.equal(client.tell('cursor', { x: 1 }), true);
  assert.deepEqual(await server.socket.asked('publish'), { type: 'publish', topic: 'cursor', data: { x: 1 } });
  server.socket.end();
  assert.equal(client.tell('cursor', { x: 2 }), false);
});
