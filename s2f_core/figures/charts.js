// Draws every `.s2f-chart` of a page with the local plotly, and again whenever the page turns light or dark.
(() => {
  "use strict";

  // The buttons are named one by one because plotly's own set holds one that sends the chart to its makers.
  const CONFIG = {
    responsive: true,
    displaylogo: false,
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
  };
  const TOUCH = window.matchMedia("(pointer: coarse)").matches;
  const drawn = [];

  // plotly breaks no lines: the title of a horizontal axis is broken here, where its part of the column is too narrow.
  const broken = (layout, column) => {
    const axes = Object.entries(layout).filter(([name, axis]) => /^xaxis\d*$/.test(name) && axis.title?.text);
    return Object.fromEntries(axes.map(([name, axis]) => {
      const [from, to] = axis.domain || [0, 1];
      const letters = Math.max(12, Math.floor(((to - from) * column - 80) / 7));
      const text = axis.title.text.replace(new RegExp(`(.{1,${letters}})(?:\\s+|$)`, "g"), "$1<br>").replace(/<br>$/, "");
      return [name, {...axis, title: {...axis.title, text}}];
    }));
  };

  // The template carries a grey that reads anywhere; here the page's own ink and paper take its place.
  const dressed = (layout, column) => {
    const style = getComputedStyle(document.body);
    const template = layout.template || {};
    const base = template.layout || {};
    return {
      ...layout,
      ...broken(layout, column),
      title: undefined, // it stands above the chart, where it can wrap
      width: undefined, // the column decides, on a telephone too
      autosize: true,
      dragmode: TOUCH ? false : layout.dragmode, // a finger scrolls the page
      template: {
        ...template,
        layout: {
          ...base,
          font: {...base.font, color: style.color},
          hoverlabel: {...base.hoverlabel, bgcolor: style.backgroundColor, bordercolor: style.color},
        },
      },
    };
  };

  const draw = ({element, specification}) =>
    window.Plotly.react(element, specification.data, dressed(specification.layout || {}, element.clientWidth), CONFIG);

  // Beside a point that carries a number: that face, cut from the page's sheet of faces.
  const showFaces = (element) => {
    const sheet = document.querySelector(".s2f-faces");
    if (!sheet) return;
    const face = document.createElement("div");
    const side = Number(sheet.dataset.side);
    Object.assign(face.style, {position: "fixed", width: `${side}px`, height: `${side}px`, zIndex: 10, pointerEvents: "none"});
    face.style.backgroundImage = `url(${sheet.src})`;
    face.hidden = true;
    element.append(face);
    element.on("plotly_hover", ({points: [{customdata}], event}) => {
      if (!Number.isInteger(customdata)) return;
      const columns = Number(sheet.dataset.columns);
      face.style.backgroundPosition = `-${side * (customdata % columns)}px -${side * Math.floor(customdata / columns)}px`;
      face.style.left = `${Math.max(0, event.clientX - side - 12)}px`;
      face.style.top = `${Math.max(0, event.clientY - side - 12)}px`;
      face.hidden = false;
    });
    element.on("plotly_unhover", () => { face.hidden = true; });
  };

  const start = () => {
    if (!window.Plotly) return; // the chart's text stays visible
    for (const figure of document.querySelectorAll(".s2f-chart:not(.s2f-drawn)")) {
      const source = figure.querySelector('script[type="application/json"]');
      const element = document.createElement("div");
      const chart = {element, specification: JSON.parse(source.textContent)};
      if (!figure.hasAttribute("aria-label")) figure.setAttribute("aria-label", `Chart ${figure.id}`);
      const {layout = {}} = chart.specification;
      const title = layout.title?.text || layout.title;
      if (typeof title === "string") {
        const caption = document.createElement("figcaption");
        caption.textContent = title.replace(/<[^>]*>/g, " ");
        figure.append(caption);
      }
      element.style.height = `${layout.height || layout.template?.layout?.height || 450}px`;
      figure.append(element);
      figure.classList.add("s2f-drawn");
      drawn.push(chart);
      draw(chart);
      showFaces(element);
    }
    new MutationObserver(() => drawn.forEach(draw))
      .observe(document.documentElement, {attributes: true, attributeFilter: ["data-theme"]});
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(draw));
  };

  // Deferred scripts, plotly among them, have run by then.
  if (document.readyState === "complete") start();
  else window.addEventListener("DOMContentLoaded", start);
})();
