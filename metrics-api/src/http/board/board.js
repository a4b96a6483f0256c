// The live part of the board: hears of new figures, fetches them, and changes only what differs, so that focus, scroll
// and opened tables stay where they are. Without this file the browser loads the page again by itself.
'use strict';

(() => {
  const body = document.body;
  const refreshMs = 1000 * Number(body.dataset.refreshSeconds);
  const quietMs = 1000 * Number(body.dataset.quietSeconds);
  // Least time between two fetches, and longest between two polls while no event stream is at hand.
  const pauseMs = 1000;
  // Least time between two sentences that a screen reader is given.
  const sayMs = 20000;
  const news = document.getElementById('news');
  const stalled = document.getElementById('stalled');
  const pause = document.getElementById('pause');

  let tag = page().dataset.tag;
  let asOf = page().dataset.asOf || '';
  let heardAt = performance.now();
  let movedAt = performance.now();
  let fetchedAt = -pauseMs;
  let saidAt = performance.now();
  let said = page().dataset.say || '';
  let listening = false;
  let fetching = false;
  let wanted = false;
  let paused = false;
  let source = null;

  function page() { return document.getElementById('page'); }

  // The server was heard: with which instant, and whether that one moved.
  function heard(instant) {
    heardAt = performance.now();
    if (instant && instant !== asOf) {
      asOf = instant;
      movedAt = heardAt;
    }
    watch();
  }

  // Greys the whole page when nothing was heard, or the as-of instant stood still, for too long.
  function watch() {
    const now = performance.now();
    let words = '';
    if (now - heardAt > quietMs) {
      words = 'No word from the server for ' + Math.round((now - heardAt) / 1000 / 5) * 5 + ' seconds: these figures are not live.';
    } else if (now - movedAt > quietMs) {
      words = 'These figures are not live: they stand still since the time below.';
    }
    body.classList.toggle('stalled', words !== '');
    stalled.hidden = words === '' || page().dataset.stale === 'true';
    // An alert is read out when its text changes: the number of seconds must not make it speak again and again.
    if (words !== '' && stalled.textContent === '') stalled.textContent = words;
    if (words === '') stalled.textContent = '';
  }

  function address() {
    const url = new URL(location.href);
    url.hash = '';
    url.searchParams.set('fragment', '');
    return url;
  }

  async function refresh() {
    if (fetching || paused || document.hidden) { wanted = true; return; }
    const wait = fetchedAt + pauseMs - performance.now();
    if (wait > 0) {
      if (!wanted) { wanted = true; setTimeout(refresh, wait); }
      return;
    }
    wanted = false;
    fetching = true;
    fetchedAt = performance.now();
    try {
      const answer = await fetch(address(), { cache: 'no-store', headers: tag ? { 'If-None-Match': '"' + tag + '"' } : {} });
      if (answer.status === 200) {
        const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('page');
        if (fresh) swap(fresh);
      } else if (answer.status === 304) {
        heard(asOf);
      }
    } catch (_) {
      // The watch tells the reader; the next event or poll tries again.
    }
    fetching = false;
    if (wanted) { wanted = false; refresh(); }
  }

  function swap(fresh) {
    const focused = document.activeElement;
    const within = focused && focused !== body && page().contains(focused);
    change(page(), fresh);
    tag = fresh.dataset.tag;
    heard(fresh.dataset.asOf);
    // What had the focus may have gone with its area; the reader goes on at the top of the figures, without a jump.
    if (within && !document.contains(focused)) document.getElementById('figures').focus({ preventScroll: true });
    say(fresh.dataset.say || '');
  }

  function say(words) {
    if (words === said || performance.now() - saidAt < sayMs) return;
    said = words;
    saidAt = performance.now();
    news.textContent = words;
  }

  // Makes `old` like `fresh`, node by node. Nodes that stay keep focus, scroll and whether they are open.
  function change(old, fresh) {
    for (const { name, value } of [...fresh.attributes]) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(name === 'open' && old.nodeName === 'DETAILS')) old.removeAttribute(name);
    }
    let place = old.firstChild;
    for (const wish of [...fresh.childNodes]) {
      const match = place && alike(place, wish) ? place : find(place, wish);
      if (!match) {
        old.insertBefore(document.importNode(wish, true), place);
        continue;
      }
      // What lies between has no counterpart any more.
      while (place !== match) {
        const gone = place;
        place = place.nextSibling;
        gone.remove();
      }
      place = match.nextSibling;
      if (match.nodeType === Node.ELEMENT_NODE) change(match, wish);
      else if (match.data !== wish.data) match.data = wish.data;
    }
    while (place) {
      const gone = place;
      place = place.nextSibling;
      gone.remove();
    }
  }

  function alike(old, wish) { return old.nodeName === wish.nodeName && key(old) === key(wish); }

  function find(place, wish) {
    if (!key(wish)) return null;
    for (let node = place; node; node = node.nextSibling) if (alike(node, wish)) return node;
    return null;
  }

  // Identity of a node among its neighbours: its id, or the address that its first link leads to.
  function key(node) {
    if (node.nodeType !== Node.ELEMENT_NODE) return '';
    if (node.id) return node.id;
    const label = node.getAttribute('aria-labelledby');
    if (label) return label;
    if (node.nodeName !== 'TR') return '';
    const link = node.querySelector('a[href]');
    return link ? link.getAttribute('href') : '';
  }

  function listen() {
    if (!('EventSource' in window)) return;
    source = new EventSource('/events');
    const told = (event) => {
      listening = true;
      const state = JSON.parse(event.data);
      heard(state.as_of);
      if (state.tag && state.tag !== tag) refresh();
    };
    source.addEventListener('snapshot', told);
    source.addEventListener('beat', told);
    source.addEventListener('error', () => {
      listening = false;
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, refreshMs);
    });
  }

  listen();
  setInterval(() => { if (!listening) refresh(); }, refreshMs);
  setInterval(watch, 500);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
  if (pause) {
    pause.parentElement.hidden = false;
    pause.addEventListener('click', () => {
      paused = !paused;
      pause.setAttribute('aria-pressed', String(paused));
      if (!paused) refresh();
    });
  }
})();
