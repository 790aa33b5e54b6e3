"use strict";
(() => {
  document.body.classList.add("live");
  const all = (q, of = document) => [...of.querySelectorAll(q)];
  const tip = document.body.appendChild(Object.assign(document.createElement("div"), { id: "tip" }));
  const show = (text, e) => {
    tip.textContent = text; tip.style.display = "block";
    tip.style.left = Math.min(e.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = Math.min(e.clientY + 14, innerHeight - tip.offsetHeight - 8) + "px";
  };
  const hide = () => { tip.style.display = "none"; all(".cursor").forEach(c => c.remove()); all(".pt.on").forEach(p => p.classList.remove("on")); };
  // Points: the nearest is told, and the cursor stands at its X in every chart of the figure.
  all("figure").forEach(f => all(".panel svg", f).forEach(svg => {
    const points = all(".pt", svg);
    points.forEach(p => { p.dataset.tip = p.querySelector("title").textContent; });
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("pointermove", e => {
      const box = svg.getBoundingClientRect(), k = svg.viewBox.baseVal.width / box.width;
      const x = (e.clientX - box.left) * k, y = (e.clientY - box.top) * k;
      const far = p => Math.hypot(p.getAttribute("cx") - x, (p.getAttribute("cy") - y) / 2);
      const near = points.filter(p => p.style.display !== "none").sort((a, b) => far(a) - far(b))[0];
      hide();
      if (!near || far(near) > 60) return;
      near.classList.add("on");
      show(near.dataset.tip.replaceAll(" · ", "\n"), e);
      all(".panel svg", f).forEach(other => {
        const at = all(".pt", other).find(p => p.dataset.x === near.dataset.x);
        if (!at) return;
        const line = document.createElementNS("http://www.w3.org/2000/svg", "line"), cx = at.getAttribute("cx");
        line.setAttribute("class", "cursor");
        Object.entries({ x1: cx, x2: cx, y1: 0, y2: other.viewBox.baseVal.height }).forEach(([n, v]) => line.setAttribute(n, v));
        other.appendChild(line);
      });
    });
  }));
  // Series: a key turns all that has its colour off and on.
  all(".key[data-s]").forEach(key => key.addEventListener("click", () => {
    const off = key.classList.toggle("off"), s = key.dataset.s, f = key.closest("figure,.timeline");
    key.setAttribute("aria-pressed", !off);
    all(`[style*="(--s${s})"],[style*="(--r${s})"],[style*="(--${s})"],.pt.s${s}`, f).forEach(e => {
      if (e !== key && !key.contains(e)) e.style.display = off ? "none" : "";
    });
  }));
  // Timelines: wheel or + and - zoom around the pointer, dragging moves, a double click shows all; the ranks of a run move together.
  all(".timeline").forEach(t => {
    const strips = all("svg.tl", t), full = strips.length ? strips[0].viewBox.baseVal.width : 0, note = t.querySelector(".range"), ms = +t.dataset.ms;
    let from = 0, wide = full, drag = null, last = 0.5;
    const draw = () => {
      wide = Math.min(Math.max(wide, full / 60), full); from = Math.min(Math.max(from, 0), full - wide);
      strips.forEach(s => s.setAttribute("viewBox", `${from} 0 ${wide} 100`));
      note.textContent = `${(from / full * ms).toFixed(1)} to ${((from + wide) / full * ms).toFixed(1)} ms`;
    };
    const zoom = (by, at) => { const x = from + at * wide; wide *= by; wide = Math.min(wide, full); from = x - at * wide; draw(); };
    strips.forEach(s => {
      const at = e => { const b = s.getBoundingClientRect(); return last = (e.clientX - b.left) / b.width; };
      s.addEventListener("wheel", e => { e.preventDefault(); zoom(e.deltaY > 0 ? 1.25 : 0.8, at(e)); }, { passive: false });
      s.addEventListener("pointerdown", e => { drag = at(e); s.setPointerCapture(e.pointerId); });
      s.addEventListener("pointerup", () => { drag = null; });
      s.addEventListener("pointermove", e => { const x = at(e); if (drag !== null) { from += (drag - x) * wide; drag = x; draw(); } });
      s.addEventListener("dblclick", () => { from = 0; wide = full; draw(); });
    });
    t.tabIndex = 0;
    t.addEventListener("keydown", e => { if (e.key === "+") zoom(0.8, last); if (e.key === "-") zoom(1.25, last); });
    draw();
  });
  addEventListener("beforeprint", () => all("details").forEach(d => { d.open = true; }));
})();
