// The inbox: what is new comes in by itself, what is being typed stays, and a button sends once.
document.addEventListener("DOMContentLoaded", () => {
  const every = (seconds, act) => setTimeout(async () => {
    if (!document.hidden) {
      try { await act(); } catch { /* no network: the next try will tell */ }
    }
    every(seconds, act);
  }, seconds * 1000);
  const read = async (address) => {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    return answer.text();
  };

  const thread = document.getElementById("thread");
  if (thread) {
    let shown = null;
    every(Number(thread.dataset.refresh), async () => {
      const text = await read(thread.dataset.source);
      if (text === shown || thread.contains(document.activeElement)) return;
      shown = text;
      thread.innerHTML = text;
      const heard = document.querySelector("input[data-heard]");
      if (heard) heard.value = thread.firstElementChild.dataset.heard;
    });
    document.querySelectorAll("form[data-once]").forEach((form) => form.addEventListener("submit", (event) => {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "1";
    }));
    document.getElementById("inbox-text")?.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
    });
    return;
  }

  const list = document.getElementById("changelist-form");
  if (list && document.body.classList.contains("model-conversation")) {
    every(10, async () => {
      const page = new DOMParser().parseFromString(await read(location.href), "text/html");
      const fresh = page.getElementById("changelist-form");
      if (fresh && !list.contains(document.activeElement)) list.innerHTML = fresh.innerHTML;
    });
  }
});
// The way back shows the page as it was: the button must work there again, and the server answers that it was sent already.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach((form) => delete form.dataset.sent));
