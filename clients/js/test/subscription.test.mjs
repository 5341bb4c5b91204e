import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, failure, settled } from './support/fake.mjs';

const T = 'chat.a';
const message = (offset, data = `m${offset}`, more = {}) => ({ type: 'message', topic: T, data, offset, ...more });

/** A subscription that is live, and what it says. */
async function live(server, options, reply, topic = T) {
  const client = server.client ?? await server.opened();
  const chat = client.subscribe(topic, options);
  const heard = [];
  chat.on('message', ({ data }) => heard.push(data));
  chat.on('gap', ({ reason }) => heard.push(`gap ${reason}`));
  await server.socket.answer('subscribe', { type: 'subscribed', topic, ...reply });
  return { client, chat, heard };
}

test('subscription goes on behind the last message it has handed over', async () => {
  const server = new Server();
  const { chat, heard } = await live(server, { last: 3 }, { epoch: 'e', offset: 41 });
  server.socket.say(message(39), message(40), message(41), message(42));
  assert.deepEqual(chat.position, { epoch: 'e', offset: 42 });

  await server.again();
  const told = [];
  chat.on('subscribed', reply => told.push(reply));
  assert.deepEqual(await server.socket.answer('subscribe', { type: 'subscribed', topic: T, epoch: 'e', offset: 44, recovered: true }),
    { type: 'subscribe', topic: T, last: 3, recover: { epoch: 'e', offset: 42 } });
  server.socket.say(message(43), message(44), message(45));
  assert.deepEqual(heard, ['m39', 'm40', 'm41', 'm42', 'm43', 'm44', 'm45']);
  assert.deepEqual([told[0].again, told[0].recovered, told[0].missed], [true, true, 2]);
});

test('who is cut off among the last messages misses none of them and gets none twice', async () => {
  const server = new Server();
  const { heard } = await live(server, { last: 5 }, { epoch: 'e', offset: 41 });
  server.socket.say(message(37), message(38));
  await server.again();
  assert.deepEqual((await server.socket.answer('subscribe', { type: 'subscribed', topic: T, epoch: 'e', offset: 41, recovered: true })).recover, { epoch: 'e', offset: 38 });
  server.socket.say(message(38), message(39));
  assert.deepEqual(heard, ['m37', 'm38', 'm39']);
});

test('who is cut off before the first of the last messages asks for all of them', async () => {
  const server = new Server();
  await live(server, { last: 5 }, { epoch: 'e', offset: 41 });
  await server.again();
  assert.deepEqual((await server.socket.asked('subscribe')).recover, { epoch: 'e', offset: 36 });
});

test('what cannot be recovered is a gap, and then what the topic still has', async () => {
  const server = new Server();
  const { chat, heard } = await live(server, { last: 2 }, { epoch: 'e', offset: 0 });
  server.socket.say(message(1));
  await server.again();
  await server.socket.answer('subscribe', { type: 'subscribed', topic: T, epoch: 'f', offset: 9, recovered: false });
  server.socket.say(message(8), message(9));
  assert.deepEqual(heard, ['m1', 'gap reconnected', 'm8', 'm9']);
  assert.deepEqual(chat.position, { epoch: 'f', offset: 9 });
});

test('every reconnection is a gap on a topic that keeps nothing', async () => {
  const server = new Server();
  const { heard } = await live(server, {}, {}, 'news');
  await server.again();
  assert.deepEqual(await server.socket.answer('subscribe', { type: 'subscribed', topic: 'news' }), { type: 'subscribe', topic: 'news' });
  assert.deepEqual(heard, ['gap reconnected']);
});

test('first subscription is no gap', async () => {
  const server = new Server();
  const { heard, chat } = await live(server, {}, { epoch: 'e', offset: 9 });
  assert.deepEqual(heard, []);
  assert.equal((await chat.ready).offset, 9);
});

test('subscription may begin at a position that was kept', async () => {
  const server = new Server();
  const client = await server.opened();
  const chat = client.subscribe(T, { recover: { epoch: 'e', offset: 4 } });
  const gaps = [];
  chat.on('gap', gap => gaps.push(gap));
  assert.deepEqual((await server.socket.answer('subscribe', { type: 'subscribed', topic: T, epoch: 'f', offset: 1, recovered: false })).recover, { epoch: 'e', offset: 4 });
  assert.deepEqual(gaps, [{ type: 'gap', topic: T, reason: 'reconnected', epoch: 'f', offset: 1 }]);
});

test('subscription without recovery is live only, and says what it lost', async () => {
  const server = new Server();
  const { heard } = await live(server, { recover: false, last: 5 }, { epoch: 'e', offset: 9 });
  server.socket.say(message(10));
  await server.again();
  assert.deepEqual(await server.socket.answer('subscribe', { type: 'subscribed', topic: T, epoch: 'e', offset: 20 }), { type: 'subscribe', topic: T });
  server.socket.say(message(21));
  assert.deepEqual(heard, ['m10', 'gap reconnected', 'm21']);
});

test('gap of the server sets the position', async () => {
  const server = new Server();
  const { chat, heard } = await live(server, {}, { epoch: 'e', offset: 9 });
  server.socket.say({ type: 'gap', topic: T, epoch: 'f', offset: 2 }, message(3));
  assert.deepEqual(heard, ['gap server', 'm3']);
  assert.deepEqual(chat.position, { epoch: 'f', offset: 3 });
});

test('pattern has no position, and its messages come whatever their offsets are', async () => {
  const server = new Server();
  const { chat, heard } = await live(server, {}, {}, 'chat.>');
  const of = (topic, offset) => ({ ...message(offset), topic, pattern: 'chat.>' });
  server.socket.say(of('chat.a', 9), of('chat.b', 2), { type: 'gap', topic: 'chat.>', pattern: 'chat.>' });
  assert.deepEqual(heard, ['m9', 'm2', 'gap server']);
  assert.equal(chat.position, undefined);
  await server.again();
  assert.equal((await server.socket.asked('subscribe')).recover, undefined);
});

for (const code of ['unavailable', 'rate_limited', 'timeout']) {
  test(`subscribe is sent again after ${code}`, async () => {
    const server = new Server();
    const client = await server.opened();
    const chat = client.subscribe(T);
    await server.socket.answer('subscribe', { type: 'error', code, error: '', retryAfter: 300 });
    await server.clock.pass(299);
    assert.ok(server.socket.isSilent);
    await server.clock.pass(1);
    await server.socket.answer('subscribe', { type: 'subscribed', topic: T });
    assert.equal(chat.state, 'live');
  });
}

test('subscription that is not allowed has ended, and says so', async () => {
  const server = new Server();
  const client = await server.opened();
  const chat = client.subscribe(T);
  const ready = failure(chat.ready);
  const read = failure((async () => { for await (const _ of chat); })());
  await server.socket.answer('subscribe', { type: 'error', code: 'forbidden', error: 'Not allowed', topic: T });
  assert.equal((await ready).code, 'forbidden');
  assert.equal((await read).code, 'forbidden');
  assert.equal(chat.state, 'ended');
  assert.equal(client.subscriptions.size, 0);
  await server.again();
  assert.ok(server.socket.isSilent);
});

test('subscription that the server ends has its reason', async () => {
  const server = new Server();
  const { chat } = await live(server, {}, {});
  const ends = [];
  chat.on('end', end => ends.push(end));
  server.socket.say({ type: 'unsubscribed', topic: T, reason: 'not allowed any more' });
  assert.deepEqual(ends, [{ reason: 'not allowed any more' }]);
});

test('unsubscribed topic is silent at once, and may be subscribed to anew', async () => {
  const server = new Server();
  const { client, chat, heard } = await live(server, {}, {});
  assert.throws(() => client.subscribe(T), { code: 'conflict' });
  chat.unsubscribe();
  const again = client.subscribe(T);
  const fresh = [];
  again.on('message', ({ data }) => fresh.push(data));
  const left = await server.socket.asked('unsubscribe');
  const asked = await server.socket.asked('subscribe');
  server.socket.say(message(1), { type: 'unsubscribed', topic: T, id: left.id }, { type: 'subscribed', topic: T, id: asked.id }, message(2));
  await settled();
  server.socket.say(message(3));
  assert.deepEqual([heard, fresh], [[], ['m2', 'm3']]);
});

test('messages of the frame that has the reply are not lost', async () => {
  const server = new Server();
  const client = await server.opened();
  const chat = client.subscribe(T, { last: 2 });
  const heard = [];
  chat.on('message', ({ data }) => heard.push(data));
  const { id } = await server.socket.asked('subscribe');
  server.socket.say([{ type: 'subscribed', topic: T, epoch: 'e', offset: 2, id }, message(1), message(2)]);
  server.socket.say(message(3));
  await settled();
  assert.deepEqual(heard, ['m1', 'm2', 'm3']);
});

test('iterator gives messages and gaps in their order, and ends with the subscription', async () => {
  const server = new Server();
  const { chat } = await live(server, {}, {});
  const read = (async () => { const all = []; for await (const one of chat) all.push(one.type); return all; })();
  server.socket.say(message(1), { type: 'gap', topic: T }, message(2));
  await settled();
  chat.unsubscribe();
  assert.deepEqual(await read, ['message', 'gap', 'message']);
});

test('iterator that is not read drops the oldest and says so', async () => {
  const server = new Server();
  const { chat } = await live(server, { backlog: 3 }, {});
  const iterator = chat[Symbol.asyncIterator]();
  for (let i = 1; i <= 10; i++) server.socket.say(message(i));
  const first = await iterator.next();
  assert.deepEqual([first.value.type, first.value.reason], ['gap', 'buffer']);
  assert.equal((await iterator.next()).value.data, 'm9');
  assert.equal((await iterator.next()).value.data, 'm10');
  await iterator.return();
  assert.equal((await iterator.next()).done, true);
});

test('kept entries are a map that a snapshot replaces', async () => {
  const server = new Server();
  const { chat } = await live(server, {}, { epoch: 'e', offset: 9, recovered: true, snapshot: 2 });
  const entry = (offset, name, more) => message(offset, `v${offset}`, { entry: name, ...more });
  const map = () => Object.fromEntries([...chat.entries].map(([name, { data }]) => [name, data]));
  server.socket.say(entry(3, 'a'));
  assert.deepEqual(chat.position, { epoch: 'e', offset: 3 });
  server.socket.say(entry(7, 'b'));
  assert.deepEqual(chat.position, { epoch: 'e', offset: 9 });
  server.socket.say(entry(10, 'a'), { type: 'message', topic: T, offset: 11, entry: 'b', removed: true }, message(12, 'v12'));
  assert.deepEqual(map(), { a: 'v10', '': 'v12' });

  await server.again();
  assert.deepEqual((await server.socket.answer('subscribe', { type: 'subscribed', topic: T, epoch: 'e', offset: 13, recovered: true })).recover, { epoch: 'e', offset: 12 });
  server.socket.say(entry(13, 'c'));
  assert.deepEqual(map(), { a: 'v10', '': 'v12', c: 'v13' });

  await server.again();
  await server.socket.answer('subscribe', { type: 'subscribed', topic: T, epoch: 'f', offset: 1, recovered: true, snapshot: 1 });
  server.socket.say(entry(1, 'z'));
  assert.deepEqual(map(), { z: 'v1' });
});

test('presence is a live list', async () => {
  const server = new Server();
  const { chat } = await live(server, { presence: true }, { presence: { connections: 3, users: 2, members: [{ user: 'ada', info: 1 }, { user: 'bob' }] } });
  const changes = [];
  chat.on('presence', change => changes.push(change));
  const who = () => [...chat.members.keys()];
  assert.deepEqual([who(), chat.present], [['ada', 'bob'], { connections: 3, users: 2 }]);
  server.socket.say({ type: 'join', topic: T, members: [{ user: 'cleo' }, { user: 'ada' }] }, { type: 'leave', topic: T, members: [{ user: 'bob' }] });
  assert.deepEqual([who(), chat.present.users], [['ada', 'cleo'], 2]);
  assert.deepEqual(changes, [{ joined: [{ user: 'cleo' }], left: [] }, { joined: [], left: [{ user: 'bob' }] }]);
  server.socket.say({ type: 'presence', topic: T, connections: 5000, users: 4000 });
  assert.deepEqual(chat.present, { connections: 5000, users: 4000 });

  server.socket.say({ type: 'gap', topic: T });
  await server.socket.answer('presence', { type: 'presence', topic: T, connections: 1, users: 1, members: [{ user: 'dan' }] });
  assert.deepEqual(who(), ['dan']);
  server.socket.end();
  assert.deepEqual([who(), chat.present], [[], null]);
});

test('subscription that the server makes is shown, and is not asked for', async () => {
  const server = new Server();
  const client = await server.opened();
  const made = [];
  client.on('subscription', one => {
    made.push(one);
    one.on('message', ({ data }) => made.push(data));
  });
  server.socket.say({ type: 'subscribed', topic: 'news', reason: 'by the server' }, { type: 'message', topic: 'news', data: 1 });
  assert.deepEqual([made[0].topic, made[0].state, made[1]], ['news', 'live', 1]);
  await server.again();
  assert.ok(server.socket.isSilent);
  assert.equal(made[0].state, 'pending');
});

test('user topic is recovered after the server has said where it is', async () => {
  const server = new Server();
  const client = await server.opened();
  const inbox = client.subscribe('$user');
  const heard = [];
  inbox.on('message', ({ offset }) => heard.push(offset));
  const user = offset => ({ type: 'message', topic: '$user', data: 0, offset });
  server.socket.say({ type: 'subscribed', topic: '$user', epoch: 'e', offset: 4, reason: 'own topic' }, user(5));
  assert.ok(server.socket.isSilent);

  await server.again();
  server.socket.say({ type: 'subscribed', topic: '$user', epoch: 'e', offset: 8, reason: 'own topic' }, user(9));
  await server.socket.answer('subscribe', { type: 'subscribed', topic: '$user', epoch: 'e', offset: 9, recovered: true });
  server.socket.say(...[6, 7, 8, 9, 10].map(user));
  assert.deepEqual(heard, [5, 6, 7, 8, 9, 10]);
});

test('error of no request is said by the client', async () => {
  const server = new Server();
  const client = await server.opened();
  const errors = [];
  client.on('error', ({ code }) => errors.push(code));
  server.socket.say({ type: 'error', code: 'rate_limited', error: 'Rate limit exceeded' });
  assert.deepEqual(errors, ['rate_limited']);
});
