import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, failure, settled } from './support/fake.mjs';

const ROOM = 'tictactoe-1';
const JOINED = {
  type: 'room.joined', room: ROOM, kind: 'tictactoe', player: 'p1', token: 'seat', generation: 1, tick: 0, step: 0, state: { turn: null },
  players: [{ player: 'p1', connected: true, data: { name: 'Ada' } }], grace: 60000,
};

async function seated(server, reply = JOINED) {
  const client = server.client ?? await server.opened();
  const joining = client.rooms.create('tictactoe', { data: { name: 'Ada' } });
  assert.deepEqual(await server.socket.answer('room.create', reply), { type: 'room.create', kind: 'tictactoe', data: { name: 'Ada' } });
  const room = await joining;
  const heard = [];
  room.on('event', ({ name }) => heard.push(name));
  room.on('paused', isPaused => heard.push(isPaused ? 'paused' : 'goes on'));
  room.on('state', state => heard.push(state));
  room.on('left', ({ reason }) => heard.push(`left ${reason}`));
  await server.clock.pass(0);
  return { client, room, heard };
}

test('room has what joined said, and hears of players', async () => {
  const server = new Server();
  const { client, room } = await seated(server);
  assert.deepEqual([room.id, room.kind, room.player, room.seat, room.state], [ROOM, 'tictactoe', 'p1', { room: ROOM, token: 'seat' }, { turn: null }]);
  assert.equal(client.rooms.get(ROOM), room);
  server.socket.say({ type: 'room.player', room: ROOM, player: 'p2', change: 'joined', data: { name: 'Bob' } }, { type: 'room.player', room: ROOM, player: 'p2', change: 'dropped' });
  assert.deepEqual(room.players.get('p2'), { connected: false, data: { name: 'Bob' } });
  server.socket.say({ type: 'room.player', room: ROOM, player: 'p2', change: 'left' });
  assert.deepEqual([...room.players.keys()], ['p1']);
});

test('events of the frame that has the answer reach who listens after joining', async () => {
  const server = new Server();
  const client = await server.opened();
  const heard = [];
  const joining = client.rooms.joinOrCreate('tictactoe', { match: { open: true } }).then(room => room.on('event', ({ name }) => heard.push(name)));
  const { id } = await server.socket.asked('room.join');
  server.socket.say([{ ...JOINED, id }, { type: 'room.event', room: ROOM, name: 'a', data: 1 }], { type: 'room.event', room: ROOM, name: 'b', data: 1 });
  await joining;
  await server.clock.pass(0);
  server.socket.say({ type: 'room.event', room: ROOM, name: 'c', data: 1 });
  assert.deepEqual(heard, ['a', 'b', 'c']);
});

test('calls are answered, and refused with a reason', async () => {
  const server = new Server();
  const { room } = await seated(server);
  const good = room.call('move', { cell: 4 });
  assert.deepEqual(await server.socket.answer('call', { type: 'result', data: 9 }), { type: 'call', room: ROOM, method: 'move', data: { cell: 4 } });
  assert.equal(await good, 9);
  const bad = failure(room.call('move', { cell: 4 }));
  await server.socket.answer('call', { type: 'error', code: 'failed', error: '', reason: 'not your turn' });
  assert.equal((await bad).reason, 'not your turn');
  assert.equal(room.send(1, { name: 'wave', to: 'p2' }), true);
  assert.deepEqual(await server.socket.asked('room.send'), { type: 'room.send', room: ROOM, data: 1, name: 'wave', to: 'p2' });
  const told = room.tell(2);
  await server.socket.answer('room.send', { type: 'result', data: null });
  await told;
});

test('seat is taken again on the next connection, and the state is another', async () => {
  const server = new Server();
  const { room, heard } = await seated(server);
  server.socket.end();
  assert.deepEqual([room.isPaused, room.send(1)], [true, false]);
  await server.clock.pass(500);
  server.socket.welcome();
  assert.deepEqual(await server.socket.answer('room.join', { ...JOINED, generation: 2, token: 'new', state: 7 }), { type: 'room.join', room: ROOM, token: 'seat' });
  assert.deepEqual([heard, room.seat.token, room.generation, room.isPaused], [['paused', 7, 'goes on'], 'new', 2, false]);
});

test('seat is asked for again where the room cannot be reached, and is over where it is gone', async () => {
  const server = new Server();
  const { client, room, heard } = await seated(server);
  await server.again();
  await server.socket.answer('room.join', { type: 'error', code: 'unavailable', error: '', retryAfter: 250 });
  await server.clock.pass(250);
  await server.socket.answer('room.join', { type: 'error', code: 'room_not_found', error: '' });
  assert.deepEqual([heard, room.reason, client.rooms.get(ROOM)], [['paused', 'left ended'], 'ended', undefined]);
  assert.equal((await failure(room.call('move'))).code, 'forbidden');
});

test('room that moves to another node stands still until its state comes', async () => {
  const server = new Server();
  const { room, heard } = await seated(server);
  server.socket.say({ type: 'room.paused', room: ROOM }, { type: 'room.state', room: ROOM, generation: 2, tick: 5, time: 0, reason: 'restored', data: 'x' });
  assert.deepEqual([heard, room.generation, room.tick], [['paused', 'x', 'goes on'], 2, 5]);
  const synced = room.sync();
  await server.socket.answer('room.sync', { type: 'room.state', room: ROOM, generation: 2, tick: 6, time: 0, reason: 'asked', data: 'y' });
  assert.equal(await synced, 'y');
});

test('iterator of events ends with the seat', async () => {
  const server = new Server();
  const { room, heard } = await seated(server);
  const read = (async () => { const names = []; for await (const { name } of room) names.push(name); return names; })();
  server.socket.say({ type: 'room.event', room: ROOM, name: 'board', data: 1 });
  await settled();
  const leaving = room.leave();
  await server.socket.answer('room.leave', { type: 'room.left', room: ROOM, reason: 'left' });
  await leaving;
  assert.deepEqual(await read, ['board']);
  assert.deepEqual(heard, ['board', 'left left']);
});

test('inputs are numbered and sent again from where another node took them', async () => {
  const server = new Server();
  const { room } = await seated(server);
  for (const data of ['a', 'b', 'c']) room.input(data, 9);
  assert.deepEqual(await server.socket.asked('room.input'), { type: 'room.input', room: ROOM, seq: 1, data: 'a', seen: 9 });
  await server.socket.asked('room.input');
  await server.socket.asked('room.input');
  server.socket.say({ type: 'room.ack', room: ROOM, generation: 1, seq: 3, tick: 4, saved: 1 });
  assert.ok(server.socket.isSilent);
  room.generation = 1;
  server.socket.say({ type: 'room.ack', room: ROOM, generation: 2, seq: 1, tick: 3, saved: 1 });
  assert.equal((await server.socket.asked('room.input')).seq, 2);
  assert.equal((await server.socket.asked('room.input')).seq, 3);
  assert.ok(server.socket.isSilent);
});

test('room with ticks is missed after 5 s of silence, and given up 3 s later', async () => {
  const server = new Server();
  await seated(server, { ...JOINED, step: 50 });
  await server.clock.pass(6000);
  await server.socket.asked('ping');
  await server.clock.pass(4000);
  assert.equal(server.sockets[0].isClosed, true);
});

test('match waits through a lost connection', async () => {
  const server = new Server();
  const client = await server.opened();
  const seat = client.rooms.match('race', { match: { level: 2 } });
  await server.socket.answer('match.join', { type: 'match.waiting', kind: 'race' });
  await server.again();
  assert.deepEqual(await server.socket.answer('match.join', { type: 'match.waiting', kind: 'race' }), { type: 'match.join', kind: 'race', match: { level: 2 } });
  server.socket.say({ type: 'match.found', kind: 'race', room: 'race-1', token: 't' });
  assert.deepEqual(await seat, { room: 'race-1', token: 't' });
  const joining = client.rooms.join(await seat, { data: 1 });
  assert.deepEqual(await server.socket.answer('room.join', { ...JOINED, room: 'race-1' }), { type: 'room.join', room: 'race-1', token: 't', data: 1 });
  await joining;
});

test('match can be given up, and ends with the client', async () => {
  const server = new Server();
  const client = await server.opened();
  const giving = new AbortController();
  const one = failure(client.rooms.match('race', { signal: giving.signal }));
  await server.socket.asked('match.join');
  giving.abort();
  await one;
  assert.equal((await server.socket.asked('match.leave')).kind, 'race');
  const other = failure(client.rooms.match('race'));
  client.close();
  assert.equal((await other).code, 'closed');
});

test('rooms are listed', async () => {
  const server = new Server();
  const client = await server.opened();
  const page = client.rooms.list({ kind: 'race', limit: 2 });
  assert.deepEqual(await server.socket.answer('room.list', { type: 'room.list', rooms: [], after: 'x' }), { type: 'room.list', kind: 'race', limit: 2 });
  assert.deepEqual(await page, { rooms: [], after: 'x' });
});
