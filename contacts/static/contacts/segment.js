// The rule builder: the hidden field holds the tree as JSON, these fields show it. The server judges, counts and explains.
document.addEventListener("DOMContentLoaded", () => {
  const store = document.querySelector('input[name="rules"]');
  const box = document.getElementById("segment-builder");
  const data = document.getElementById("segment-data");
  if (!store || !box || !data) return;
  const { kinds, looks, words } = JSON.parse(data.textContent);
  const kindOf = (line) => kinds.find((one) => one.name === line.kind);
  const operatorOf = (line) => kindOf(line)?.operators.find((one) => one.name === line.op);
  const isGroup = (node) => node && typeof node === "object" && ("all" in node || "any" in node);
  const nodes = (group) => group.all || group.any;
  const MODES = { all: ["all", false], any: ["any", false], none: ["any", true], not_all: ["all", true] };
  const modeOf = (group) => Object.keys(MODES).find((name) => MODES[name][0] in group && MODES[name][1] === Boolean(group.not));

  const make = (tag, props = {}, ...inside) => {
    const { data: marks, aria, ...rest } = props;
    const made = Object.assign(document.createElement(tag), rest);
    Object.entries(marks || {}).forEach(([name, value]) => { made.dataset[name] = value; });
    Object.entries(aria || {}).forEach(([name, value]) => made.setAttribute(`aria-${name}`, value));
    made.append(...inside.filter((one) => one !== null && one !== undefined));
    return made;
  };
  const icon = (name) => make("span", { className: "material-symbols-outlined", textContent: name, aria: { hidden: "true" } });
  const button = (text, name, act, path, look = "") => {
    const made = make("button", { type: "button", className: `segment-button ${look}`, data: { path } }, icon(name), look ? null : text);
    if (look) { made.title = text; made.setAttribute("aria-label", text); }
    made.addEventListener("click", act);
    return made;
  };

  let tree;
  try { tree = JSON.parse(store.value); } catch { tree = null; }
  if (!isGroup(tree) || !Array.isArray(nodes(tree))) tree = { all: [] };
  let numbered = 0;

  const keep = () => { store.value = JSON.stringify(tree); look(); };
  // Everything is drawn anew when the shape changes; whoever works by keyboard stays where they were.
  const draw = (focus) => {
    numbered = 0;
    box.replaceChildren(drawGroup(tree, null, "0"));
    if (focus) box.querySelector(`[data-path="${focus}"]`)?.focus();
  };
  const changed = (focus) => { keep(); draw(focus); };

  const filled = (line, operator) => operator.fields.forEach((name) => {
    const field = kindOf(line).fields[name];
    if (line[name] === undefined && field.default !== null) line[name] = field.default;
  });
  const fresh = (kind) => {
    const line = { kind: kind.name, op: kind.operators[0].name };
    filled(line, kind.operators[0]);
    return line;
  };

  const select = (value, options, props, act) => {
    const made = make("select", { className: looks.select, ...props });
    made.append(...options);
    made.value = value;
    made.addEventListener("change", () => act(made.value));
    return made;
  };
  const option = (value, text) => make("option", { value, textContent: text });
  const captioned = (text, field, small) => make("label", { className: small ? "segment-small" : "" }, make("span", { className: "segment-caption", textContent: text }), field);

  function drawGroup(group, parent, path) {
    const frame = make("fieldset", { className: "segment-group" });
    const mode = select(modeOf(group), Object.keys(MODES).map((name) => option(name, words[name])), { data: { path: `${path}-mode` }, aria: { label: parent ? words.inner : words.group } }, (name) => {
      const kept = nodes(group);
      delete group.all; delete group.any; delete group.not;
      group[MODES[name][0]] = kept;
      if (MODES[name][1]) group.not = true;
      changed(`${path}-mode`);
    });
    const head = make("div", { className: "segment-head" }, make("span", { textContent: parent ? words.inner : words.group }), mode);
    if (parent) head.append(button(words.remove_group, "delete", () => { nodes(parent).splice(nodes(parent).indexOf(group), 1); changed("0-add"); }, `${path}-remove`, "segment-icon"));
    frame.append(head);
    nodes(group).forEach((node, place) => frame.append(isGroup(node) ? drawGroup(node, group, `${path}.${place}`) : drawLine(node, group, `${path}.${place}`)));
    const next = () => `${path}.${nodes(group).length - 1}`;
    frame.append(make("div", { className: "segment-buttons" },
      button(words.add, "add", () => { nodes(group).push(fresh(kinds[0])); changed(`${next()}-kind`); }, `${path}-add`),
      button(words.add_group, "account_tree", () => { nodes(group).push({ any: [fresh(kinds[0])] }); changed(`${next()}-mode`); }, `${path}-group`)));
    return frame;
  }

  function drawLine(line, group, path) {
    const kind = kindOf(line);
    const number = make("span", { className: "segment-number", textContent: (numbered += 1) });
    const remove = button(words.remove, "delete", () => { nodes(group).splice(nodes(group).indexOf(line), 1); changed(`${path.slice(0, path.lastIndexOf("."))}-add`); }, `${path}-remove`, "segment-icon");
    const row = make("div", { className: "segment-line", aria: { label: `${words.line} ${numbered}` } }, number);
    row.setAttribute("role", "group");
    const replace = (other) => { nodes(group)[nodes(group).indexOf(line)] = other; };
    const headings = [...new Set(kinds.map((one) => one.heading))].map((heading) => make("optgroup", { label: heading }, ...kinds.filter((one) => one.heading === heading).map((one) => option(one.name, one.label))));
    if (!kind) headings.unshift(option(line.kind, words.unknown));
    row.append(captioned(words.kind, select(line.kind, headings, { data: { path: `${path}-kind` } }, (name) => { replace(fresh(kinds.find((one) => one.name === name))); changed(`${path}-kind`); })));
    const operator = operatorOf(line);
    if (operator) {
      row.append(captioned(words.operator, select(line.op, kind.operators.map((one) => option(one.name, one.label)), { data: { path: `${path}-op` } }, (name) => { line.op = name; filled(line, operatorOf(line)); changed(`${path}-op`); })));
      operator.fields.forEach((name) => row.append(drawField(line, name, kind.fields[name], path)));
    }
    row.append(remove);
    return row;
  }

  function drawField(line, name, field, path) {
    const caption = field.unit ? `${field.label} (${field.unit})` : field.label;
    const put = (value) => {
      if (value === "" || value === undefined) delete line[name]; else line[name] = value;
      keep();
    };
    if (field.type === "some" || field.type === "choices") return drawPicks(line, name, field, caption, put, path);
    if (field.type === "one" || field.type === "choice") {
      const options = field.choices.map(([value, text]) => option(value, text));
      const known = field.choices.some(([value]) => String(value) === String(line[name] ?? ""));
      if (!known && line[name] !== undefined) options.unshift(option(line[name], field.open ? line[name] : words.gone));
      options.unshift(option("", field.optional ? words.anything : words.choose));
      return captioned(caption, select(line[name] ?? "", options, { data: { path: `${path}-${name}` } }, (value) => put(field.type === "one" && value ? Number(value) : value)));
    }
    const input = make("input", { className: looks.input, value: line[name] ?? "", type: { number: "number", date: "date" }[field.type] || "text", data: { path: `${path}-${name}` } });
    if (field.type === "number") Object.assign(input, { step: field.whole ? 1 : "any", min: field.low, max: field.high, inputMode: field.whole ? "numeric" : "decimal" });
    const around = captioned(caption, input, field.type !== "text");
    if (field.type === "text" && field.choices.length) {
      const list = make("datalist", { id: `known-${path}-${name}` }, ...field.choices.map(([value, text]) => make("option", { value, label: text })));
      input.setAttribute("list", list.id);
      around.append(list);
    }
    input.addEventListener("input", () => put(input.value.trim()));
    return around;
  }

  function drawPicks(line, name, field, caption, put, path) {
    const chosen = () => line[name] || [];
    const gone = chosen().filter((one) => !field.choices.some(([value]) => value === one)).map((one) => [one, field.open ? one : words.gone]);
    const picks = [...field.choices, ...gone].map(([value, text], place) => {
      const tick = make("input", { type: "checkbox", className: looks.checkbox, checked: chosen().includes(value), data: { path: `${path}-${name}-${place}` } });
      tick.addEventListener("change", () => put(tick.checked ? [...chosen(), value] : chosen().filter((one) => one !== value)));
      return make("label", {}, tick, make("span", { textContent: text }));
    });
    if (!picks.length) picks.push(make("span", { textContent: words.nothing }));
    return make("fieldset", {}, make("legend", { className: "segment-caption", textContent: caption }), make("div", { className: "segment-picks" }, ...picks));
  }

  // How many that are just now, half a second after the last change; an older answer never overtakes a newer one.
  const panel = document.getElementById("segment-look");
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  const played = document.querySelector('input[name="played"]');
  let waiting, asking;
  const show = (...lines) => panel.querySelector(".segment-answer").replaceChildren(...lines);
  const trouble = (text) => make("p", { className: "segment-trouble", textContent: text });
  const answered = (found) => {
    if (found.problem) return show(trouble(found.problem));
    const people = found.people.map(([name, city, url]) => make("li", {}, make("a", { href: url, target: "_blank", className: "text-primary-600 dark:text-primary-500", textContent: name }), city ? ` · ${city}` : ""));
    show(make("p", { className: "segment-count", textContent: found.said }), ...found.warnings.map(trouble), make("ul", {}, ...people));
  };
  function look() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      asking?.abort();
      const mine = asking = new AbortController();
      panel.setAttribute("aria-busy", "true");
      const body = new URLSearchParams({ rules: store.value, own: panel.dataset.own, played: played?.checked ? "1" : "", csrfmiddlewaretoken: token.value });
      fetch(panel.dataset.url, { method: "POST", body, credentials: "same-origin", signal: mine.signal })
        .then((answer) => { if (!answer.ok || answer.redirected) throw new Error(answer.status); return answer.json(); })
        .then(answered)
        .catch((error) => { if (error.name !== "AbortError") show(trouble(words.failed)); })
        .finally(() => { if (asking === mine) panel.removeAttribute("aria-busy"); });
    }, 500);
  }
  played?.addEventListener("change", look);
  draw();
  look();
});
