// The map of firms. Borders and marks on plain ground; tiles only where the operator names a server. The table beside it holds the same.
(() => {
  "use strict";

  const SHAPES = {
    red: '<rect class="red" x="3" y="3" width="16" height="16"/>',
    orange: '<path class="orange" d="M11 1.5 20.5 11 11 20.5 1.5 11Z"/>',
    yellow: '<path class="yellow" d="M11 2 21 19.5H1Z"/>',
    blue: '<circle class="blue" cx="11" cy="11" r="8.5"/>',
  };
  const shape = (risk) => `<svg viewBox="0 0 22 22" width="22" height="22" aria-hidden="true" focusable="false">${SHAPES[risk] || SHAPES.blue}</svg>`;

  // Borders come in echarts' packed form: zig-zag differences in units of 1/1024 degree.
  function unpack(text, [x, y]) {
    const line = [];
    let px = x;
    let py = y;
    for (let at = 0; at + 1 < text.length; at += 2) {
      let dx = text.charCodeAt(at) - 64;
      let dy = text.charCodeAt(at + 1) - 64;
      dx = (dx >> 1) ^ -(dx & 1);
      dy = (dy >> 1) ^ -(dy & 1);
      px += dx; py += dy;
      line.push([px / 1024, py / 1024]);
    }
    return line;
  }

  function unpackAll(collection) {
    collection.features.forEach(({ geometry }) => {
      const { coordinates, encodeOffsets, type } = geometry;
      geometry.coordinates = coordinates.map((part, n) => (type === "Polygon"
        ? unpack(part, encodeOffsets[n])
        : part.map((ring, m) => unpack(ring, encodeOffsets[n][m]))));
    });
    return collection;
  }

  const cards = (words, firms) => {
    const all = document.createElement("div");
    all.append(...firms.map((firm) => card(words, firm)));
    return all;
  };

  function card(words, { name, grade, trade, address, people, url }) {
    const box = document.createElement("div");
    box.className = "m-card";
    const line = (tag, text) => { const node = document.createElement(tag); node.textContent = text; box.append(node); };
    line("b", name);
    line("p", [grade, trade, people].filter(Boolean).join(" · "));
    if (address) { line("p", address); }
    const link = document.createElement("a");
    link.href = url;
    link.textContent = words.open;
    box.append(link);
    return box;
  }

  function start(element) {
    const words = element.dataset;
    const [west, south, east, north] = words.bounds.split(",").map(Number);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const map = L.map(element, { zoomControl: false, zoomAnimation: !calm, fadeAnimation: !calm, markerZoomAnimation: !calm, maxZoom: 18, minZoom: 4 });
    map.attributionControl.setPrefix(false);
    L.control.zoom({ zoomInTitle: words.in, zoomOutTitle: words.out }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    if (words.tiles) { L.tileLayer(words.tiles, { attribution: words.credit, maxZoom: 18 }).addTo(map); }
    const status = document.querySelector("[data-map-status]");
    const marks = L.layerGroup().addTo(map);
    map.fitBounds([[south, west], [north, east]]);

    fetch(words.borders).then((answer) => answer.json()).then((json) => {
      L.geoJSON(unpackAll(json), { interactive: false, style: { weight: 1, className: words.tiles ? "m-border over" : "m-border", color: "", fillOpacity: words.tiles ? 0 : 1 } }).addTo(map).bringToBack();
    }).catch(() => { /* the marks stand without borders */ });

    // Borders of grids, where somebody drew them while splitting one.
    const drawn = document.getElementById("map-grids");
    if (drawn) {
      L.geoJSON({ type: "FeatureCollection", features: JSON.parse(drawn.textContent) }, {
        interactive: false, style: { weight: 1.5, className: "m-grid", color: "", fillOpacity: 0 },
        onEachFeature: ({ properties }, layer) => layer.bindTooltip(document.createTextNode(properties.name), { permanent: true, direction: "center", className: "m-grid-name" }),
      }).addTo(map);
    }

    // What would lie on top of each other on the screen becomes one circle with its number: a finger meets one thing at a time.
    const ORDER = ["red", "orange", "yellow", "blue"];
    const SIDE = 34;
    const across = (count) => (count > 1 ? SIDE + Math.min(26, 6 * Math.log10(count + 1) | 0) : SIDE);
    function gather(features) {
      const groups = [];
      features.forEach((feature) => {
        const [lng, lat] = feature.geometry.coordinates;
        const one = feature.properties;
        const bounds = one.bounds ? L.latLngBounds(one.bounds) : L.latLngBounds([[lat, lng], [lat, lng]]);
        groups.push({ at: map.latLngToLayerPoint([lat, lng]), count: one.count || 1, risk: one.risk, grade: one.grade, bounds, firms: one.count ? [] : [one] });
      });
      for (let n = 0; n < groups.length; n += 1) {
        for (let m = groups.length - 1; m > n; m -= 1) {
          const [a, b] = [groups[n], groups[m]];
          if (a.at.distanceTo(b.at) < (across(a.count) + across(b.count)) / 2 + 2) {
            const worse = ORDER.indexOf(b.risk) < ORDER.indexOf(a.risk) ? b : a;
            const share = b.count / (a.count + b.count);
            groups[n] = {
              at: a.at.add(b.at.subtract(a.at).multiplyBy(share)), count: a.count + b.count, risk: worse.risk, grade: worse.grade,
              bounds: a.bounds.extend(b.bounds), firms: a.firms.concat(b.firms),
            };
            groups.splice(m, 1);
            m = groups.length;
          }
        }
      }
      return groups;
    }

    const icon = ({ count, risk }) => (count === 1
      ? L.divIcon({ className: "m-mark", html: shape(risk), iconSize: [32, 32] })
      : L.divIcon({ className: "m-cell", html: `${shape(risk)}<b>${count}</b>`, iconSize: [across(count), across(count)] }));

    let asked = 0;
    const load = () => {
      const mine = ++asked;
      const box = map.getBounds();
      const url = new URL(words.marks, location.href);
      const wide = (n) => Math.max(-180, Math.min(180, n));
      url.searchParams.set("bbox", [wide(box.getWest()), Math.max(-90, box.getSouth()), wide(box.getEast()), Math.min(90, box.getNorth())].map((n) => n.toFixed(5)).join(","));
      fetch(url, { headers: { Accept: "application/json" } }).then((answer) => {
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.json();
      }).then((json) => {
        if (mine !== asked) { return; }
        marks.clearLayers();
        let total = 0;
        gather(json.features).forEach((group) => {
          const { count, firms, grade, bounds } = group;
          total += count;
          const label = count === 1 ? `${firms[0].name}，${firms[0].grade}` : `${words.firms.replace("{n}", count)}，${words.worst.replace("{grade}", grade)}`;
          const mark = L.marker(map.layerPointToLatLng(group.at), { icon: icon(group), title: label, alt: label, keyboard: true }).addTo(marks);
          mark.getElement()?.setAttribute("aria-label", label);
          const narrow = bounds.getNorth() - bounds.getSouth() < 1e-4 && bounds.getEast() - bounds.getWest() < 1e-4;
          if (firms.length === count && (count === 1 || narrow || map.getZoom() >= 18)) { mark.bindPopup(() => cards(words, firms), { maxWidth: 280, maxHeight: 320, autoPan: false }); }
          else {
            mark.on("click keypress", (event) => {
              if (event.type === "keypress" && event.originalEvent.key !== "Enter") { return; }
              if (narrow) { map.setView(bounds.getCenter(), 18); } else { map.fitBounds(bounds.pad(0.1)); }
            });
          }
        });
        status.textContent = words.firms.replace("{n}", total);
      }).catch(() => { if (mine === asked) { status.textContent = words.failed; } });
    };
    map.on("moveend", load);
    load();
    const shown = new ResizeObserver(() => map.invalidateSize());
    shown.observe(element);
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-map]").forEach(start));
})();
