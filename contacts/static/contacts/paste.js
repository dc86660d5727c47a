// Too much to paste is said before it is sent: the rows stay where they are.
(() => {
  const box = document.querySelector('textarea[name="pasted"]');
  if (!box) return;
  const look = () => {
    const long = box.value.length > Number(box.dataset.most) || new Blob([box.value]).size > Number(box.dataset.bytes);
    box.setCustomValidity(long ? box.dataset.long : "");
  };
  box.addEventListener("input", look);
  look();
})();
