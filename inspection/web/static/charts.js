// Draws every .chart of the page from the ECharts option it carries as JSON; loaded, with ECharts, only by pages that
// have charts: {% block head %} <script src="/static/vendor/echarts-6.1.0.min.js" defer> <script src="/static/charts.js" defer>
// <figure class="chart" role="img" aria-label="…"><script type="application/json">{{ option | tojson }}</script></figure>
function draw(figure) {
  const data = figure.querySelector('script[type="application/json"]');
  if (!data || figure.dataset.drawn) return;
  figure.dataset.drawn = "1";
  const option = JSON.parse(data.textContent);
  // Tooltips of HTML carry style attributes, which the page's content policy forbids.
  option.tooltip = { ...option.tooltip, renderMode: "richText" };
  option.animation = option.animation ?? !matchMedia("(prefers-reduced-motion: reduce)").matches;
  const room = document.createElement("div");
  room.className = "room";
  figure.append(room);
  const chart = echarts.init(room, null, { renderer: "canvas", width: figure.clientWidth, height: figure.clientHeight });
  chart.setOption(option);
  new ResizeObserver(() => chart.resize({ width: figure.clientWidth, height: figure.clientHeight })).observe(figure);
}
function drawAll(root) {
  for (const figure of root.querySelectorAll(".chart")) draw(figure);
}
document.addEventListener("DOMContentLoaded", () => drawAll(document));
document.addEventListener("htmx:load", (event) => drawAll(event.detail.elt.parentElement ?? document));
