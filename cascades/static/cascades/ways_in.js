// Of the settings of all ways in, only those of the chosen one are shown; without this script all of them are.
document.addEventListener("DOMContentLoaded", () => {
  const chosen = document.getElementById("id_trigger");
  const again = document.getElementById("id_reentry");
  if (!chosen) return;
  const row = (input) => input.closest(".form-row");
  const show = (input, shown) => { const place = row(input); if (place) place.style.display = shown ? "" : "none"; };
  const refresh = () => {
    for (const input of document.querySelectorAll('[name^="way_"]')) show(input, input.name.startsWith(`way_${chosen.value}_`));
    if (again) show(again, chosen.value !== "manual");
    const after = document.querySelector('[name="reentry_after_0"]');
    if (after) show(after, chosen.value !== "manual" && again?.value === "after");
    const checked = (name) => [...document.querySelectorAll(`[name="${name}"]`)].some((box) => box.checked);
    const goals = checked("goal");
    for (const [name, asked] of [["goal_where", goals], ["goal_about", goals || checked("exits")]]) { const input = document.querySelector(`[name="${name}"]`); if (input) show(input, asked || Boolean(input.value && input.value !== "any")); }
    const key = document.querySelector('[name="goal_key"]');
    const about = document.querySelector('[name="goal_about"]');
    const cell = key?.closest(".field-goal_key") || key?.parentElement;
    if (cell && about) cell.hidden = about.value === "any" && !key.value;
  };
  document.addEventListener("change", (event) => { if (["goal", "exits", "goal_about"].includes(event.target.name)) refresh(); });
  chosen.addEventListener("change", refresh);
  again?.addEventListener("change", refresh);
  refresh();
});
