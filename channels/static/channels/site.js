/* Cascada on a shop's website; nothing is stored or sent before people agree: docs/site.md */
(function (w, d) {
  'use strict';
  var me = d.currentScript || d.querySelector('script[data-site]');
  if (!me || !w.fetch || !me.dataset.site) return;
  var set = me.dataset, to = new URL('s/' + set.site, me.src).href, KEPT = 'cascada';
  var here = new URL(location.href), pass = here.searchParams.get('csc') || '', check = here.searchParams.has('csc_check');
  var agreed = false, visitor = '', email = '', asking = false, queue = [];

  ['csc', 'csc_check'].forEach(function (name) { here.searchParams.delete(name); });
  if (pass || check) history.replaceState(history.state, '', here);

  function kept(value) {
    try {
      if (value === undefined) return localStorage.getItem(KEPT) || '';
      if (value) localStorage.setItem(KEPT, value); else localStorage.removeItem(KEPT);
    } catch (error) {}
    return value || '';
  }

  function say(told, then) {
    var text = JSON.stringify(told);
    if (!then && !('keepalive' in Request.prototype)) return navigator.sendBeacon(to, text);
    fetch(to, {method: 'POST', body: text, keepalive: true, credentials: 'omit'})
      .then(function (answer) { return answer.status === 200 ? answer.json() : {}; })
      .catch(function () { return {}; })
      .then(then || function () {});
  }

  function ask(who) {
    asking = true;
    who.visitor = visitor;
    say(who, function (answer) {
      asking = false;
      if (!agreed) return;
      if (answer.visitor) visitor = kept(answer.visitor);
      go();
    });
  }

  function go() {
    var who = {};
    if (!agreed || asking) return;
    if (pass) { who.link = pass; pass = ''; ask(who); return; }
    if (email) { who.email = email; email = ''; ask(who); return; }
    while (visitor && queue.length) say({visitor: visitor, events: queue.splice(0, 10)});
  }

  function consent(yes) {
    agreed = yes === true;
    if (agreed) visitor = visitor || kept();
    else { kept(''); visitor = email = pass = ''; queue = []; }
    go();
  }

  function tell(name, detail) {
    var told = {}, field;
    for (field in detail) if (detail[field]) told[field] = detail[field];
    told.event = name;
    told.key = Date.now().toString(36) + Math.random().toString(36).slice(2);
    queue = queue.slice(-19).concat(told);
    go();
  }

  function meta() {
    var found = d.querySelector('meta[name="cascada:category"],meta[property="product:category"]');
    return found ? found.content : '';
  }

  function page(detail) {
    var wanted = (set.params || '').split(/[\s,]+/), url = new URL(location.pathname, location.href);
    new URL(location.href).searchParams.forEach(function (value, name) {
      if (wanted.indexOf(name) >= 0) url.searchParams.append(name, value);
    });
    detail = detail || {};
    tell('page_viewed', {
      url: url.href, title: (detail.title || d.title).slice(0, 250),
      category: (detail.category || set.category || meta()).slice(0, 120)
    });
  }

  var acts = {
    consent: consent,
    identify: function (given) { email = '' + (given || ''); go(); },
    page: page,
    cart: function (cart) {
      if (cart.items && cart.items.length) tell('cart_changed', cart); else tell('cart_emptied', {cart: cart.cart});
    },
    order: function (order) { tell('order_placed', order); }
  };

  function cascada(act, detail) { if (acts[act]) acts[act](detail); }
  var early = (w.cascada && w.cascada.q) || [];
  cascada.consent = consent;
  w.cascada = cascada;
  for (var n = 0; n < early.length; n++) cascada.apply(null, early[n]);

  function start() {
    if (d.prerendering) d.addEventListener('prerenderingchange', start, {once: true});
    else if (d.visibilityState === 'hidden') d.addEventListener('visibilitychange', start, {once: true});
    else page();
  }
  if (check) say({check: true});
  if (set.consent === 'granted' || kept()) consent(true);
  start();
  d.dispatchEvent(new Event('cascada'));
})(window, document);
