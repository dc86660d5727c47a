// Asks now and then how far the import is; when it has come to a halt, the page shows what to do next.
(() => {
  const box = document.getElementById("import-progress");
  if (!box) return;
  const bar = box.querySelector("progress");
  const said = box.querySelector("[data-said]");
  const ask = async () => {
    try {
      const answer = await fetch(box.dataset.address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      const found = await answer.json();
      if (found.over) return window.location.reload();
      bar.value = found.percent;
      if (said.textContent !== found.said) said.textContent = found.said;
      for (const [name, count] of Object.entries(found.counts || {})) {
        box.querySelector(`[data-count="${name}"]`).textContent = count;
      }
      window.setTimeout(ask, 1000);
    } catch {
      window.setTimeout(ask, 5000); // the server may be starting again; the import goes on
    }
  };
  window.setTimeout(ask, 700);
})();
