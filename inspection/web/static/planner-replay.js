// Runs the rows of a draw that is over down the screen once more. Nothing is drawn here: the rows stand in the table.
const rows = [...document.querySelectorAll("#rows tbody tr")];
const button = document.getElementById("play");
const rolling = document.getElementById("rolling");
const SECONDS = 20;
const label = button.textContent;
let timer = 0;

function finish() {
  clearInterval(timer);
  timer = 0;
  for (const row of rows) row.hidden = false;
  rolling.hidden = true;
  button.textContent = label;
}

function play() {
  const pace = Math.max(1, Math.ceil(rows.length / (SECONDS * 20)));
  let at = 0;
  for (const row of rows) row.hidden = true;
  rolling.hidden = false;
  button.textContent = button.dataset.stop;
  timer = setInterval(() => {
    for (const row of rows.slice(at, at + pace)) row.hidden = false;
    at += pace;
    const last = rows[Math.min(at, rows.length) - 1];
    rolling.textContent = [...last.cells].map((cell) => cell.textContent).join("  ");
    if (at >= rows.length) finish();
  }, 50);
}

if (rows.length) {
  button.hidden = false;
  button.addEventListener("click", () => (timer ? finish() : play()));
}
