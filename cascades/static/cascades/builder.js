// The builder's steps: numbers, moving by buttons, and choices limited to what the channels can tell. The server judges again.
document.addEventListener("DOMContentLoaded", () => {
  const list = document.querySelector(".cascada-steps");
  const data = document.getElementById("cascada-options");
  if (!list || !data) return;
  const { channels, texts, answers, words } = JSON.parse(data.textContent);
  const field = (card, name) => card.querySelector(`[name$="-${name}"]`);
  const cards = () => [...list.querySelectorAll(":scope > .cascada-step:not(.empty-form)")];
  const removed = (card) => Boolean(card.querySelector(".cascada-remove input:checked"));
  const kept = () => cards().filter((card) => !removed(card));
  const channel = (card) => channels[field(card, "channel")?.value];
  document.documentElement.classList.add("cascada-js");

  // Leaves a select with the choices that can be known; what was chosen and cannot be is changed to the next best, and said.
  const limit = (card, select, allowed) => {
    for (const option of select.options) option.disabled = option.hidden = Boolean(option.value) && !allowed(option.value);
    const chosen = select.selectedOptions[0];
    if (!chosen || !chosen.disabled) return;
    const next = [...select.options].slice(chosen.index).find((option) => !option.disabled) || [...select.options].find((option) => !option.disabled);
    select.value = next.value;
    card.changed = { ...card.changed, [select.name]: words.changed.replace("%(value)s", next.text) };
  };

  // What answers mean: only where there can be any, with the buttons of the chosen message to pick from, and one empty row.
  const ask = (card, own, message) => {
    const box = card.querySelector(".cascada-answers-box");
    if (!box) return;
    const rows = [...box.querySelectorAll(".cascada-answer")];
    const filled = rows.map((row) => Boolean(row.querySelector("input").value.trim() || row.querySelectorAll("select")[1].value || row.querySelectorAll("select")[2].value));
    const last = filled.lastIndexOf(true);
    rows.forEach((row, place) => { row.hidden = place > last + 1; });
    box.hidden = last < 0 && !(own && own.replies);
    const list = box.querySelector("datalist") || box.appendChild(document.createElement("datalist"));
    list.id = `${rows[0].querySelector("input").name}-known`;
    const codes = [...((own && (answers[message] || {})[own.kind]) || []), "*"];
    list.replaceChildren(...codes.map((value) => Object.assign(document.createElement("option"), { value })));
    rows.forEach((row) => row.querySelector("input").setAttribute("list", list.id));
  };

  // Only if: each row shows what its choice asks for; the steps to choose from are the earlier cards as they stand now.
  const chosen = document.getElementById("id_mode");
  const mode = () => chosen?.value || "series";
  const only = (card, others) => {
    const rows = [...card.querySelectorAll(".cascada-only-if")];
    const filled = rows.map((row) => Boolean(row.querySelector("select").value));
    rows.forEach((row, place) => {
      const [what, step, segment] = row.querySelectorAll("select");
      row.hidden = place > filled.lastIndexOf(true) + 1;
      step.hidden = !what.value || ["in", "not_in"].includes(what.value);
      segment.hidden = !["in", "not_in"].includes(what.value);
      row.querySelector("input").hidden = !["answered", "not_answered"].includes(what.value);
      const value = step.value;
      const known = others.map((other) => Object.assign(document.createElement("option"), { value: field(other, "mark").value, textContent: `${other.querySelector(".cascada-number").textContent}. ${field(other, "message").selectedOptions[0]?.text || ""}` }));
      step.replaceChildren(step.options[0], ...known);
      step.value = known.some((option) => option.value === value) ? value : "";
    });
  };
  const mark = (card) => {
    const input = field(card, "mark");
    if (!input.value) input.value = [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  const look = (card, before, after, all) => {
    const notes = [];
    const own = channel(card);
    const previous = before.length ? channel(before[before.length - 1]) : undefined;
    const first = before.length === 0;
    const now = mode();
    const parallel = now === "parallel";
    card.querySelector('[data-of="seen"]').hidden = now !== "series";
    card.querySelector('[data-of="who"]').hidden = ["parallel", "first", "delivered"].includes(now);
    limit(card, field(card, "seen"), (value) => !own || ((value !== "opened" || own.opening) && (value !== "replied" || own.replies)));
    limit(card, field(card, "wait_from"), (value) => (first || parallel ? ["start", "sent", "before", "after"].includes(value) : value !== "opened" || !previous || previous.opening));
    limit(card, field(card, "who"), (value) => value === "everyone" || (!first && (value !== "not_opened" || before.some((one) => !channel(one) || channel(one).opening))));
    const waits = !["start", "sent", "before", "after"].includes(field(card, "wait_from").value);
    only(card, parallel ? all.filter((one) => one !== card) : before);
    card.querySelector(".cascada-longest").hidden = !waits && !field(card, "longest_wait_0").value;
    const message = field(card, "message").value;
    ask(card, own, message);
    if (own && message && !(texts[message] || []).includes(own.kind) && texts[message]) notes.push(words.text);
    if (own && after && !parallel && channel(after) && own.price > channel(after).price) notes.push(words.dearer);
    notes.push(...Object.values(card.changed || {}));
    card.querySelector(".cascada-note").textContent = notes.join("\n");
    card.querySelector(".cascada-icon").textContent = own ? own.icon : "";
    if (own) card.querySelector(".cascada-name").textContent = field(card, "channel").selectedOptions[0].text;
  };

  const refresh = () => {
    const all = kept();
    cards().forEach((card) => { card.setAttribute("x-sort:item", ""); mark(card); });
    all.forEach((card, place) => { card.querySelector(".cascada-number").textContent = place + 1; });
    all.forEach((card, place) => {
      field(card, "position").value = place;
      for (const button of card.querySelectorAll(".cascada-move")) {
        button.hidden = false;
        button.disabled = button.dataset.move < 0 ? place === 0 : place === all.length - 1;
      }
      look(card, all.slice(0, place), all[place + 1], all);
    });
  };

  list.addEventListener("click", (event) => {
    const button = event.target.closest(".cascada-move");
    if (!button) return;
    const card = button.closest(".cascada-step");
    const all = kept();
    const place = all.indexOf(card);
    if (button.dataset.move < 0 && place > 0) list.insertBefore(card, all[place - 1]);
    if (button.dataset.move > 0 && place < all.length - 1) list.insertBefore(all[place + 1], card);
    refresh();
    (button.disabled ? card.querySelector(".cascada-move:not(:disabled)") : button)?.focus();
  });
  list.addEventListener("change", (event) => {
    const card = event.target.closest(".cascada-step");
    if (card?.changed) delete card.changed[event.target.name];
    refresh();
  });
  // After a refused save the cards stand in the order that was chosen, not in the one that is stored.
  const place = (card) => { const value = field(card, "position").value; return value === "" ? Infinity : Number(value); };
  const first = list.querySelector(":scope > .empty-form, :scope > .form-actions");
  cards().sort((one, other) => place(one) - place(other) || 0).forEach((card) => list.insertBefore(card, first));
  chosen?.addEventListener("change", refresh);
  new MutationObserver(refresh).observe(list, { childList: true });
  refresh();
});
