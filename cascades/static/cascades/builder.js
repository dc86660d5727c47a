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

  const look = (card, before, after) => {
    const notes = [];
    const own = channel(card);
    const previous = before.length ? channel(before[before.length - 1]) : undefined;
    const first = before.length === 0;
    limit(card, field(card, "seen"), (value) => !own || ((value !== "opened" || own.opening) && (value !== "replied" || own.replies)));
    limit(card, field(card, "wait_from"), (value) => (first ? ["start", "sent", "before", "after"].includes(value) : value !== "opened" || !previous || previous.opening));
    limit(card, field(card, "who"), (value) => value === "everyone" || (!first && (value !== "not_opened" || before.some((one) => !channel(one) || channel(one).opening))));
    const waits = !["start", "sent", "before", "after"].includes(field(card, "wait_from").value);
    card.querySelector(".cascada-longest").hidden = !waits && !field(card, "longest_wait_0").value;
    const message = field(card, "message").value;
    ask(card, own, message);
    if (own && message && !(texts[message] || []).includes(own.kind) && texts[message]) notes.push(words.text);
    if (own && after && channel(after) && own.price > channel(after).price) notes.push(words.dearer);
    notes.push(...Object.values(card.changed || {}));
    card.querySelector(".cascada-note").textContent = notes.join("\n");
    card.querySelector(".cascada-icon").textContent = own ? own.icon : "";
    if (own) card.querySelector(".cascada-name").textContent = field(card, "channel").selectedOptions[0].text;
  };

  const refresh = () => {
    const all = kept();
    cards().forEach((card) => { card.setAttribute("x-sort:item", ""); });
    all.forEach((card, place) => {
      field(card, "position").value = place;
      card.querySelector(".cascada-number").textContent = place + 1;
      for (const button of card.querySelectorAll(".cascada-move")) {
        button.hidden = false;
        button.disabled = button.dataset.move < 0 ? place === 0 : place === all.length - 1;
      }
      look(card, all.slice(0, place), all[place + 1]);
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
  new MutationObserver(refresh).observe(list, { childList: true });
  refresh();
});
