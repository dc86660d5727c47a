// The message's form: rich text where the channel carries it, else plain text with the number of SMS and the price beneath.
(() => {
  "use strict";
  let known = null;
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const send = async (address, fields) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    const answer = await fetch(address, {method: "POST", body, headers: {"X-CSRFToken": token()}, credentials: "same-origin"});
    return {ok: answer.ok, told: await answer.json().catch(() => ({}))};
  };

  if (window.Trix) {
    Trix.config.textAttributes.look = {tagName: "mark", inheritable: true};
    // One paragraph after another stays two: by itself the editor would run them together.
    if (Trix.config.blockAttributes.p) Trix.config.blockAttributes.p.group = false;
    Trix.config.attachments.preview.caption = {name: false, size: false};
  }

  class Variant {
    constructor(area) {
      this.area = area;
      const named = (name) => document.querySelector(`[name="${area.name.replace(/body$/, name)}"]`);
      this.kind = named("kind");
      this.title = named("subject");
      this.mailOnly = [this.title, named("preheader")].filter(Boolean);
      this.tools = make("div", {className: "variant-tools"}, make("span", {textContent: known.words.insert}));
      for (const [label, source] of known.fields) {
        const button = make("button", {type: "button", textContent: label});
        button.addEventListener("click", () => this.insert(source));
        this.tools.append(button);
      }
      this.counted = make("div", {className: "variant-count"});
      this.counted.setAttribute("aria-live", "polite");
      area.after(this.tools, this.counted);
      this.template = [named("template"), named("template_values")].filter(Boolean);
      this.buttons = named("buttons-label")?.closest("[data-buttons]");
      this.buttons?.addEventListener("input", () => this.showButtons());
      area.addEventListener("input", () => this.later());
      this.kind?.addEventListener("change", () => this.show());
      document.querySelectorAll("[name=purpose]").forEach((radio) => radio.addEventListener("change", () => this.later()));
      this.show();
    }

    get rich() { return known.rich.includes(this.kind ? this.kind.value : ""); }

    get titled() { return known.titled.includes(this.kind ? this.kind.value : ""); }

    show() {
      for (const field of this.mailOnly) {
        const row = field.closest(".form-row, .field-row, [class*='field-']") || field.parentElement;
        row.hidden = !this.rich && !(field === this.title && this.titled);
      }
      const approved = known.templates.includes(this.kind ? this.kind.value : "");
      for (const field of this.template) {
        const row = field.closest(".form-row, .field-row, [class*='field-']") || field.parentElement;
        row.hidden = !approved;
      }
      this.showButtons();
      if (this.rich && !this.editor) this.enrich();
      if (this.box) this.box.hidden = !this.rich;
      this.area.hidden = this.rich && Boolean(this.box);
      this.counted.hidden = this.rich;
      if (!this.rich) this.count();
    }

    // As many rows as the channel has room for: those that are filled, and one more.
    showButtons() {
      if (!this.buttons) return;
      const room = known.buttons[this.kind ? this.kind.value : ""] || 0;
      const rows = [...this.buttons.querySelectorAll(".variant-button")];
      const filled = rows.map((row) => [...row.querySelectorAll("input")].some((input) => input.value.trim()));
      const last = filled.lastIndexOf(true);
      rows.forEach((row, place) => { row.hidden = !filled[place] && (place >= room || place > last + 1); });
      const whole = this.buttons.closest(".form-row, .field-row, [class*='field-']") || this.buttons.parentElement;
      whole.hidden = !room && last < 0;
    }

    enrich() {
      if (!window.Trix || !document.getElementById("trix-toolbar")) return;
      if (this.area.value && !/<[a-z]/i.test(this.area.value)) this.area.value = this.area.value.replace(/\n/g, "<br>");
      this.editor = make("trix-editor", {className: known.classes});
      this.editor.setAttribute("input", this.area.id);
      this.editor.setAttribute("aria-label", this.area.labels?.[0]?.textContent.trim() || "");
      this.editor.addEventListener("trix-initialize", () => this.dress());
      this.editor.addEventListener("trix-attachment-add", (event) => this.upload(event.attachment));
      this.box = make("div", {className: "variant-editor relative"}, this.editor);
      this.area.before(this.box);
    }

    dress() {
      const toolbar = this.editor.toolbarElement;
      const address = toolbar.querySelector("input[name=href]");
      if (address) address.type = "text";  // a field may stand in a link
      const tools = toolbar.querySelector("[data-trix-button-group=text-tools]");
      if (!tools || toolbar.querySelector(".message-extra")) return;
      const sample = tools.querySelector("button");
      const button = (icon, title, more) => {
        const made = make("button", {type: "button", title, className: sample.className});
        made.setAttribute("aria-label", title);
        for (const [name, value] of Object.entries(more)) made.setAttribute(name, value);
        made.append(make("span", {className: "material-symbols-outlined", textContent: icon}));
        return made;
      };
      const extra = make("div", {className: `${tools.className} message-extra`});
      extra.append(
        button("smart_button", known.words.button, {"data-trix-attribute": "look"}),
        button("image", known.words.picture, {"data-trix-action": "attachFiles"}),
      );
      tools.after(extra);
    }

    async upload(attachment) {
      if (!attachment.file) return;
      const {ok, told} = await send(known.picture, {file: attachment.file});
      if (ok) {
        attachment.setAttributes({url: told.url, href: ""});
      } else {
        attachment.remove();
        this.counted.hidden = false;
        this.tell("", told.error || known.words.failed);
      }
    }

    insert(source) {
      if (this.rich && this.editor) {
        this.editor.editor.insertString(source);
        this.editor.focus();
        return;
      }
      this.area.setRangeText(source, this.area.selectionStart, this.area.selectionEnd, "end");
      this.area.focus();
      this.later();
    }

    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.count(), 300);
    }

    async count() {
      if (this.rich) return;
      const purpose = document.querySelector("[name=purpose]:checked");
      const asked = this.asked = {};
      const {ok, told} = await send(known.count, {
        kind: this.kind.value, text: this.area.value, purpose: purpose ? purpose.value : "marketing",
      });
      if (ok && asked === this.asked) this.tell(told.sentence, told.warning);
    }

    tell(sentence, warning) {
      this.counted.replaceChildren(
        ...(sentence ? [make("strong", {textContent: sentence})] : []),
        ...(warning ? [make("span", {className: "warning", textContent: warning})] : []),
      );
    }
  }

  const start = (root) => {
    for (const area of root.querySelectorAll("textarea[data-variant-body]")) {
      if (area.name.includes("__prefix__") || area.dataset.variantBody === "ready") continue;
      area.dataset.variantBody = "ready";
      new Variant(area);
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    const found = document.getElementById("message-editor");
    if (!found) return;
    known = JSON.parse(found.textContent);
    if (known.writable) start(document);
  });
  document.addEventListener("formset:added", (event) => { if (known) start(event.target); });
})();
