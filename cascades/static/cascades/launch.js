// The start pages: the chosen time only when it is asked for, numbers that come in afterwards, and a button that sends once.
const once = (root) => root.querySelectorAll("form[data-once]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
  });
});

document.addEventListener("DOMContentLoaded", () => {
  once(document);
  const later = document.querySelector("[data-later]");
  const show = () => { later.hidden = document.querySelector('[name="when"]:checked')?.value !== "later"; };
  if (later) { document.querySelectorAll('[name="when"]').forEach((radio) => radio.addEventListener("change", show)); show(); }

  const box = document.getElementById("cascada-numbers");
  if (!box) return;
  fetch(box.dataset.source, { credentials: "same-origin" })
    .then((answer) => { if (!answer.ok || answer.redirected) throw new Error(answer.status); return answer.text(); })
    .then((text) => { box.innerHTML = text; once(box); })
    .catch(() => { box.querySelector(".cascada-failed").hidden = false; box.querySelector(".cascada-wait").hidden = true; });
});
// The way back shows the page as it was: the button must work there again, and the server answers that it was started already.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach((form) => delete form.dataset.sent));
