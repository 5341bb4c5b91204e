// A game of tic-tac-toe in a room (docs/ROOMS.md). A lost connection costs the client nothing: it takes the seat again by itself. For a reload
// the page keeps what the seat is known by.

import { connect } from '/broker.js';
import { inWords } from './closing.js';
import { $, capital, el, milliseconds } from './dom.js';

const KIND = 'tictactoe';
const query = new URLSearchParams(location.search);
const own = new URL('/ws', location.href);
own.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
own.search = own.hash = '';

let room = null;
let board = null;          // the room's state
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

const transport = query.get('transport');
const client = connect(query.get('ws') ?? own.href, { token: query.get('token') || undefined, transports: transport ? [transport] : undefined });
client.on('status', showStatus);
client.on('welcome', ({ node }) => { $('node').textContent = node; });

function showStatus({ state, code, reason }) {
  const words = ['connecting', 'open', 'closing', 'closed'][state];
  $('state').textContent = state !== 1 && code ? `${words}: ${inWords(code, reason)}` : words;
  for (const id of ['play', 'invite', 'leave', 'again']) $(id).disabled = state !== 1;
}

function me() {
  return { name: $('name').value.trim() || 'Somebody' };
}

/** Takes a seat; where all are taken the invited may still watch. */
async function sit(taking, watching) {
  say('');
  try {
    hear(await taking());
  } catch (failure) {
    if (failure.code === 'room_full' && watching) {
      await sit(watching);
      return;
    }
    say(`${failure.message}${failure.reason ? `: ${failure.reason}` : ''}`);
    if (['room_not_found', 'forbidden', 'room_full', 'room_refused'].includes(failure.code)) rise();
  }
}

function hear(joined) {
  room = joined;
  room.on('event', ({ name, data }) => { if (name === 'board') show(data); });
  room.on('state', state => { settle(); show(state); });
  room.on('player', () => show(board));
  room.on('paused', isPaused => { if (isPaused) stand(); else goOn(); });
  room.on('left', ({ reason }) => {
    say({ kicked: 'You were put out of the room.', replaced: 'You play in another window now.', ended: 'The room has ended.', failed: 'The room has failed.' }[reason] ?? '');
    rise();
  });
  location.hash = room.id;
  settle();
  show(room.state);
}

/** A reload comes back with the token of the seat as it is now. */
function settle() {
  keep(room.seat);
  $('generation').textContent = room.generation;
}

async function call(method, data = null) {
  try {
    await room?.call(method, data);
  } catch (failure) {
    say(failure.reason ? capital(failure.reason) + '.' : failure.message);
  }
}

/** The room stands still: nothing is lost, and it goes on by itself. */
function stand() {
  if (pausedAt) return;
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

function show(state) {
  goOn();
  board = state;
  $('entrance').hidden = true;
  $('table').hidden = false;
  $('room').textContent = room.id.slice(-8);
  $('room').title = room.id;
  const mine = room.player === state.x ? 'x' : room.player === state.o ? 'o' : '';
  for (const [at, cell] of cells.entries()) {
    const mark = state.board[at] === '.' ? '' : state.board[at];
    cell.textContent = mark.toUpperCase();
    cell.className = `${mark} ${state.line?.includes(at) ? 'won' : ''}`.trim();
    cell.disabled = state.turn !== room.player || mark !== '';
    cell.setAttribute('aria-label', `Row ${Math.floor(at / 3) + 1}, column ${at % 3 + 1}: ${mark || 'empty'}`);
  }
  $('turn').textContent = wordsOf(state, mine);
  $('again').hidden = !mine || !state.over || !state.x || !state.o;
  $('players').replaceChildren(...['x', 'o'].filter(mark => state[mark]).map(mark => {
    const one = room.players.get(state[mark]);
    const item = el('li', `${mark}${one?.connected === false ? ' away' : ''}`);
    item.append(el('b', '', mark.toUpperCase()), ` ${nameOf(state[mark])}${state[mark] === room.player ? ' (you)' : ''}${one?.connected === false ? ', away' : ''}`);
    return item;
  }));
}

function wordsOf(state, mine) {
  if (state.over) return state.winner === null ? 'A draw' : state.winner === room.player ? 'You have won' : mine ? 'You have lost' : `${nameOf(state.winner)} has won`;
  if (state.turn === null) return 'Waiting for the other player';
  return state.turn === room.player ? 'Your turn' : `${nameOf(state.turn)} is to move`;
}

function nameOf(player) {
  return player === room.player ? me().name : room.players.get(player)?.data?.name ?? player;
}

function rise() {
  room = board = null;
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

$('play').addEventListener('click', () => sit(() => client.rooms.joinOrCreate(KIND, { match: { open: true }, data: me() })));
$('invite').addEventListener('click', () => sit(() => client.rooms.create(KIND, { data: me() })));
$('again').addEventListener('click', () => call('rematch'));
$('leave').addEventListener('click', () => room.leave().catch(failure => say(failure.message)));
$('copy').addEventListener('click', () => navigator.clipboard.writeText(location.href).then(() => say('Copied: whoever opens it plays with you.'), () => say(location.href)));

const kept = JSON.parse(sessionStorage.getItem(KIND) ?? 'null');
const invited = location.hash.slice(1);
$('name').value = query.get('name') ?? kept?.name ?? '';
showStatus(client.status);
if (kept && (!invited || invited === kept.room)) sit(() => client.rooms.join(kept));
else if (invited) sit(() => client.rooms.join(invited, { data: me() }), () => client.rooms.join(invited, { as: 'spectator', data: me() }));
