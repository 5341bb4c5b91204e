// A game of tic-tac-toe in a room (docs/PROTOCOL.md, "Rooms"). The room's id and the token of the seat are all that a player needs to come
// back to it, on any node: the page keeps them and asks for its seat again whenever it has connected.

import { $, capital, el, milliseconds } from './dom.js';
import { Connection } from './connection.js';

const KIND = 'tictactoe';
const query = new URLSearchParams(location.search);
const own = new URL('/ws', location.href);
own.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
own.search = own.hash = '';

let seat = null;           // {room, token, player}
let board = null;          // the room's state
let people = new Map();    // player -> {name, connected}
let pausedAt = 0;          // since when the room stands still
let longest = 0;
const cells = Array.from({ length: 9 }, (_, cell) => {
  const button = el('button');
  button.type = 'button';
  button.disabled = true;
  button.addEventListener('click', () => call('move', { cell }));
  $('board').append(button);
  return button;
});

const connection = new Connection(query.get('ws') ?? own.href, query.get('token') ?? '', {
  state(name, detail) {
    $('state').textContent = detail?.why ? `${name}: ${detail.why}` : name;
    const ready = name === 'open';
    for (const id of ['play', 'invite', 'leave', 'again']) $(id).disabled = !ready;
    if (!ready) stand();
  },
  welcome(message) { $('node').textContent = message.node; },
  ready() {
    const invited = location.hash.slice(1);
    if (seat) sit({ type: 'room.join', room: seat.room, token: seat.token });
    else if (invited) sit({ type: 'room.join', room: invited, data: me() }, true);
  },
  message: take,
  wire() { },
  latency() { },
});

function me() {
  return { name: $('name').value.trim() || 'Somebody' };
}

/** Takes a seat; where all are taken the invited may still watch. */
async function sit(request, mayWatch = false) {
  say('');
  try {
    const joined = await connection.request(request);
    seat = { room: joined.room, token: joined.token, player: joined.player };
    people = new Map(joined.players.map(one => [one.player, { name: one.data?.name, connected: one.connected }]));
    people.set(seat.player, { name: me().name, connected: true });
    location.hash = seat.room;
    keep(seat);
    lives(joined.generation);
    show(joined.state);
  } catch (failure) {
    if (failure.code === 'room_full' && mayWatch) {
      await sit({ ...request, as: 'spectator' });
      return;
    }
    say(`${failure.error}${failure.reason ? `: ${failure.reason}` : ''}`);
    if (['room_not_found', 'forbidden', 'room_full', 'room_refused'].includes(failure.code)) rise();
  }
}

async function call(method, data = null) {
  if (!seat) return;
  try {
    await connection.request({ type: 'call', room: seat.room, method, data });
  } catch (failure) {
    say(failure.reason ? capital(failure.reason) + '.' : failure.error);
  }
}

function take(message) {
  if (!seat || message.room !== seat.room) return;
  switch (message.type) {
    case 'room.event':
      if (message.name === 'board') show(message.data);
      break;
    case 'room.state':
      lives(message.generation);
      show(message.data);
      break;
    case 'room.player':
      if (message.change === 'left') people.delete(message.player);
      else people.set(message.player, { name: message.data?.name ?? people.get(message.player)?.name, connected: message.change !== 'dropped' });
      show(board);
      break;
    case 'room.paused':
      stand();
      break;
    case 'room.left':
      say({ kicked: 'You were put out of the room.', replaced: 'You play in another window now.', ended: 'The room has ended.', failed: 'The room has failed.' }[message.reason] ?? '');
      rise();
      break;
  }
}

/** The room stands still: nothing is lost, and it goes on by itself. */
function stand() {
  if (!seat || pausedAt) return;
  pausedAt = performance.now();
  $('table').classList.add('still');
  $('turn').textContent = 'One moment: the room moves to another node';
  for (const cell of cells) cell.disabled = true;
}

function goOn() {
  if (!pausedAt) return;
  longest = Math.max(longest, performance.now() - pausedAt);
  pausedAt = 0;
  $('table').classList.remove('still');
  $('pause').textContent = milliseconds(longest);
}

function lives(generation) {
  $('generation').textContent = generation;
}

function show(state) {
  goOn();
  board = state;
  $('entrance').hidden = true;
  $('table').hidden = false;
  $('room').textContent = seat.room.slice(-8);
  $('room').title = seat.room;
  const mine = seat.player === state.x ? 'x' : seat.player === state.o ? 'o' : '';
  for (const [at, cell] of cells.entries()) {
    const mark = state.board[at] === '.' ? '' : state.board[at];
    cell.textContent = mark.toUpperCase();
    cell.className = `${mark} ${state.line?.includes(at) ? 'won' : ''}`.trim();
    cell.disabled = state.turn !== seat.player || mark !== '';
    cell.setAttribute('aria-label', `Row ${Math.floor(at / 3) + 1}, column ${at % 3 + 1}: ${mark || 'empty'}`);
  }
  $('turn').textContent = wordsOf(state, mine);
  $('again').hidden = !mine || !state.over || !state.x || !state.o;
  $('players').replaceChildren(...['x', 'o'].filter(mark => state[mark]).map(mark => {
    const one = people.get(state[mark]);
    const item = el('li', `${mark}${one?.connected === false ? ' away' : ''}`);
    item.append(el('b', '', mark.toUpperCase()), ` ${one?.name ?? state[mark]}${state[mark] === seat.player ? ' (you)' : ''}${one?.connected === false ? ', away' : ''}`);
    return item;
  }));
}

function wordsOf(state, mine) {
  if (state.over) return state.winner === null ? 'A draw' : state.winner === seat.player ? 'You have won' : mine ? 'You have lost' : `${nameOf(state.winner)} has won`;
  if (state.turn === null) return 'Waiting for the other player';
  return state.turn === seat.player ? 'Your turn' : `${nameOf(state.turn)} is to move`;
}

function nameOf(player) {
  return people.get(player)?.name ?? player;
}

function rise() {
  seat = board = null;
  pausedAt = 0;
  keep(null);
  history.replaceState(null, '', location.pathname + location.search);
  $('table').hidden = true;
  $('table').classList.remove('still');
  $('entrance').hidden = false;
  $('room').textContent = $('generation').textContent = '–';
}

/** For this tab alone, so that a reload comes back to the seat. */
function keep(what) {
  if (what) sessionStorage.setItem(KIND, JSON.stringify({ ...what, name: $('name').value }));
  else sessionStorage.removeItem(KIND);
}

function say(text) {
  $('notice').textContent = text;
  $('notice').hidden = !text;
}

$('play').addEventListener('click', () => sit({ type: 'room.join', kind: KIND, match: { open: true }, data: me() }));
$('invite').addEventListener('click', () => sit({ type: 'room.create', kind: KIND, data: me() }));
$('again').addEventListener('click', () => call('rematch'));
$('leave').addEventListener('click', () => connection.request({ type: 'room.leave', room: seat.room }).then(rise, failure => say(failure.error)));
$('copy').addEventListener('click', () => navigator.clipboard.writeText(location.href).then(() => say('Copied: whoever opens it plays with you.'), () => say(location.href)));

const kept = JSON.parse(sessionStorage.getItem(KIND) ?? 'null');
if (kept && (!location.hash || location.hash === `#${kept.room}`)) seat = kept;
$('name').value = query.get('name') ?? kept?.name ?? '';
connection.open();
