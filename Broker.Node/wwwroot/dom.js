// What all parts of the page use. Everything received is shown through textContent; nothing received becomes markup.

export const $ = id => document.getElementById(id);
export const el = (name, className, text) => {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};
export const capital = text => text.charAt(0).toUpperCase() + text.slice(1);
export const milliseconds = value => value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
export const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
export const atEnd = list => list.scrollHeight - list.scrollTop - list.clientHeight < 24;
export const toEnd = list => { list.scrollTop = list.scrollHeight; };

/** A list that showed its end shows it still when it has become smaller. */
export const keepEnd = list => {
  let end = true;
  list.addEventListener('scroll', () => { end = atEnd(list); });
  new ResizeObserver(() => { if (end) toEnd(list); }).observe(list);
};
