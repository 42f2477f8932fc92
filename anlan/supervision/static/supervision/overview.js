// Draws what the tables say: completion per region (map where shapes are known, else bars) and the months of the year.
(() => {
  "use strict";
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const ink = token("--al-ink-2");
  const number = (text) => (text === "" || text === undefined ? null : Number(text));

  function draw(node, option) {
    const chart = echarts.init(node, null, { renderer: "canvas" });
    chart.setOption({ animation: false, textStyle: { fontFamily: token("--al-font-sans"), color: ink }, ...option });
    addEventListener("resize", () => chart.resize());
    return chart;
  }

  const axis = {
    axisLine: { lineStyle: { color: token("--al-line-strong") } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: token("--al-line") } },
    axisLabel: { color: ink, fontSize: 13 },
  };
  const parts = [...document.querySelectorAll("#parts [data-name]")].map((node) => ({
    name: node.dataset.name, value: number(node.dataset.rate), url: node.closest("tr").querySelector("a").href,
  }));

  function bars(node) {
    const shown = parts.filter((part) => part.value !== null).sort((a, b) => b.value - a.value).slice(0, 14);
    node.style.height = `${Math.max(8, shown.length * 1.75 + 1)}rem`;
    draw(node, {
      grid: { left: 8, right: 56, top: 8, bottom: 8, containLabel: true },
      xAxis: { type: "value", max: 100, show: false },
      yAxis: { type: "category", inverse: true, data: shown.map((p) => p.name), ...axis, axisLine: { show: false } },
      series: [{ type: "bar", barWidth: 14, data: shown.map((p) => p.value), itemStyle: { color: token("--al-series-1") },
        label: { show: true, position: "right", formatter: "{c}%", color: ink } }],
    }).on("click", (event) => { location.href = shown[event.dataIndex].url; });
  }

  // The shapes are of 2018; Jiyuan is a city there and a county under a pseudo city in the code table.
  async function map(node) {
    echarts.registerMap("henan", await (await fetch(node.dataset.map)).json());
    const water = ["--al-water-50", "--al-water-100", "--al-water-200", "--al-water-300", "--al-water-400", "--al-water-500"].map(token);
    const known = parts.map((p) => ({ ...p, name: p.name === "省直辖县级行政区划" ? "济源市" : p.name }));
    draw(node, {
      visualMap: { min: 40, max: 100, orient: "horizontal", left: 8, bottom: 0, text: ["100%", "40%"], inRange: { color: water }, textStyle: { color: ink }, itemHeight: 90, itemWidth: 12 },
      series: [{ type: "map", map: "henan", top: 8, bottom: 30, data: known.map((p) => ({ ...p, value: p.value ?? undefined })),
        itemStyle: { areaColor: token("--al-surface-3"), borderColor: token("--al-surface"), borderWidth: 1.5 },
        emphasis: { itemStyle: { areaColor: token("--al-water-300") }, label: { color: token("--al-ink") } }, select: { disabled: true },
        label: { show: true, color: token("--al-ink"), fontSize: 12, formatter: (p) => p.name.replace("市", "") + (Number.isFinite(p.value) ? `\n${p.value}%` : "") } }],
    }).on("click", (event) => { const p = known.find((part) => part.name === event.name); if (p) location.href = p.url; });
  }

  const chart = document.getElementById("o-chart");
  if (chart) chart.dataset.map ? map(chart) : bars(chart);

  const months = [...document.querySelectorAll("#months tr")].map((row) => row.dataset);
  const line = document.getElementById("t-chart");
  if (line && months.length) {
    const series = [["completion", line.dataset.a, "--al-series-1", "solid"], ["pass", line.dataset.b, "--al-series-2", "dashed"]];
    draw(line, {
      grid: { left: 8, right: 96, top: 14, bottom: 8, containLabel: true },
      xAxis: { type: "category", boundaryGap: false, data: months.map((m) => `${m.month}`), ...axis },
      yAxis: { type: "value", min: 0, max: 100, interval: 20, ...axis, axisLabel: { color: ink, formatter: "{value}%" } },
      series: series.map(([key, name, colour, type]) => ({ name, type: "line", data: months.map((m) => number(m[key])), symbolSize: 5, connectNulls: true,
        itemStyle: { color: token(colour) }, lineStyle: { color: token(colour), width: 2.5, type },
        endLabel: { show: true, formatter: "{a} {c}%", color: token(colour), fontSize: 13, fontWeight: 600 } })),
    });
  }
})();
