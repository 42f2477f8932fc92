// Splitting a grid: all listed firms at once, and how many go to each new grid. Without script every firm has its own choice.
(() => {
  "use strict";
  const form = document.querySelector("[data-split]");
  if (!form) return;
  const picks = [...form.querySelectorAll(".g-pick select")];
  const all = form.querySelector("[data-split-all]");

  function count() {
    form.querySelectorAll("[data-count]").forEach((hint) => {
      const n = picks.filter((pick) => pick.value === hint.dataset.count).length;
      hint.textContent = n ? form.dataset.words.replace("%", n) : "";
    });
  }

  if (all) {
    all.hidden = false;
    all.addEventListener("click", (event) => {
      const to = event.target.closest("[data-to]")?.dataset.to;
      if (to === undefined) return;
      picks.forEach((pick) => { pick.value = to; });
      form.querySelectorAll('input[name^="ring"]').forEach((input) => { input.value = ""; }); // all or nothing: no ring says it any more
      count();
    });
  }
  form.addEventListener("change", count);
  count();

  // A ring drawn around firms on a map without tiles. It fills in the choices below, and is sent as the border of the grid.
  const rings = (part) => form.querySelector(`input[name="ring${part}"]`);
  const draw = form.querySelector("[data-split-draw]");
  const placed = picks.filter((pick) => pick.dataset.lat);
  if (!draw || !placed.length || !window.L) return;
  draw.hidden = false;
  const open = draw.querySelector("[data-draw-open]");
  const area = draw.querySelector("[data-draw-area]");
  const said = draw.querySelector("[data-draw-said]");
  let map = null;
  let ring = null;
  let corners = [];
  const points = [];

  const place = (pick) => [Number(pick.dataset.lat), Number(pick.dataset.lng)];

  // Ray casting: a point is inside when a line from it crosses the ring an odd number of times.
  function inside([lat, lng]) {
    let odd = false;
    corners.forEach(([aLat, aLng], i) => {
      const [bLat, bLng] = corners[(i + corners.length - 1) % corners.length];
      if (aLat > lat !== bLat > lat && lng < ((bLng - aLng) * (lat - aLat)) / (bLat - aLat) + aLng) odd = !odd;
    });
    return odd;
  }

  const caught = () => (corners.length < 3 ? [] : placed.filter((pick) => inside(place(pick))));

  function show() {
    ring.clearLayers();
    form.querySelectorAll('input[name^="ring"]').forEach((input) => JSON.parse(input.value || "[]").forEach((one) => L.polygon(one, { className: "g-kept", interactive: false }).addTo(ring)));
    if (corners.length) {
      L.polygon(corners, { className: "g-ring", interactive: false }).addTo(ring);
      corners.forEach((corner) => L.circleMarker(corner, { radius: 5, className: "g-corner", interactive: false }).addTo(ring));
    }
    points.forEach(([point, pick]) => point.getElement()?.classList.toggle("to", pick.value !== ""));
    const n = caught().length;
    said.textContent = corners.length < 3 ? said.dataset.none : said.dataset.some.replace("%", n);
  }

  function build() {
    const box = draw.querySelector("[data-draw-map]");
    map = L.map(box, { attributionControl: false, zoomControl: false, zoomSnap: 0.5 });
    L.control.zoom({ zoomInTitle: box.dataset.nearer, zoomOutTitle: box.dataset.farther }).addTo(map);
    map.fitBounds(L.latLngBounds(placed.map(place)).pad(0.15), { maxZoom: 17, animate: false });
    ring = L.layerGroup().addTo(map);
    placed.forEach((pick) => {
      const name = form.querySelector(`label[for="${pick.id}"] b`).textContent;
      points.push([L.circleMarker(place(pick), { radius: 7, className: "g-point" }).bindTooltip(document.createTextNode(name)).addTo(map), pick]);
    });
    map.on("click", (event) => { corners.push([event.latlng.lat, event.latlng.lng]); show(); });
  }

  open.addEventListener("click", () => {
    area.hidden = !area.hidden;
    open.setAttribute("aria-expanded", String(!area.hidden));
    if (!area.hidden && !map) build();
    if (map) show();
  });
  draw.querySelector("[data-draw-back]").addEventListener("click", () => { corners.pop(); show(); });
  draw.querySelector("[data-draw-clear]").addEventListener("click", () => { corners = []; show(); });
  draw.querySelectorAll("[data-draw-to]").forEach((button) => button.addEventListener("click", () => {
    const kept = rings(button.dataset.drawTo);
    if (corners.length >= 3 && kept) kept.value = JSON.stringify([...JSON.parse(kept.value || "[]"), corners.map((corner) => corner.map((n) => Number(n.toFixed(6))))]);
    caught().forEach((pick) => { pick.value = button.dataset.drawTo; });
    corners = [];
    count();
    show();
  }));
  form.addEventListener("change", () => map && show());
})();
