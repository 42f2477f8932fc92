// The map of the list beside it: numbered points, the firm, a ring every 10 km. No tiles, so it works without a network.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("agency-map");
  const data = document.getElementById("agency-map-data");
  if (!box || !data || !window.L) return;
  const { here, marks, words } = JSON.parse(data.textContent);
  if (!here && !marks.length) return;
  box.hidden = false;
  const ink = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const map = L.map(box, { attributionControl: false, zoomSnap: 0.25, keyboard: false });
  const all = marks.map(mark => mark.at);
  if (here) {
    all.push(here);
    document.getElementById("agency-map-note").hidden = false;
    for (const km of [10, 20, 30, 40, 50, 60]) L.circle(here, { radius: km * 1000, color: ink("--al-line-strong"), weight: 1, fill: false, interactive: false }).addTo(map);
    L.circleMarker(here, { radius: 7, color: ink("--al-surface"), weight: 2, fillColor: ink("--al-ink"), fillOpacity: 1 }).addTo(map).bindTooltip(words.here, { permanent: true, direction: "bottom", className: "ag-tip" });
  }
  for (const mark of marks) {
    const icon = L.divIcon({ className: "ag-pin", html: String(mark.n), iconSize: [28, 28] });
    L.marker(mark.at, { icon, title: mark.name, alt: mark.name, keyboard: false }).addTo(map).on("click", () => { location.href = `${location.pathname}${mark.url}/`; });
  }
  L.control.scale({ imperial: false }).addTo(map);
  const near = here ? all.filter(at => map.distance(at, here) < 25000) : all;
  const shown = near.length > 2 ? near : all;
  if (shown.length === 1) map.setView(shown[0], 12); else map.fitBounds(L.latLngBounds(shown).pad(0.15));
});
