// One box marks all visits of the page; without script each is marked by itself.
const all = document.querySelector("input.all");
if (all) {
  const boxes = [...document.querySelectorAll('input[name="visits"]')];
  all.hidden = false;
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
}
