// Reads the numbers anew every few seconds while somebody is still on the way and the page is looked at.
document.addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("numbers");
  if (!box) return;
  const again = (seconds) => { if (seconds > 0) setTimeout(read, seconds * 1000); };
  const read = async () => {
    if (document.hidden || box.contains(document.activeElement)) return again(3);
    try {
      const answer = await fetch(box.dataset.source, { credentials: "same-origin" });
      if (answer.ok && !answer.redirected) box.innerHTML = await answer.text();
    } catch { /* no network: the next try will tell */ }
    again(Number(box.firstElementChild.dataset.running));
  };
  again(Number(box.dataset.refresh));
});
