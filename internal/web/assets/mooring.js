// Keeps the part of a staff page that changes up to date. Without it the page
// says that it must be loaded again: one that did so by itself would take the
// place away from whoever reads or listens.
"use strict";
(function () {
  const live = document.getElementById("live");
  const spoken = document.getElementById("spoken");
  if (!live) return;
  const every = 2000;
  let tag = "";
  let said = "";

  function summary() {
    const el = live.querySelector("[data-spoken]");
    return el ? el.getAttribute("data-spoken") : "";
  }

  function stale(on) {
    const el = live.querySelector(".stale");
    if (el) el.hidden = !on;
  }

  function replace(html) {
    // A link that has the keyboard's focus keeps it.
    const active = document.activeElement;
    const href = active && live.contains(active) ? active.getAttribute("href") : null;
    live.innerHTML = html;
    if (href) {
      const again = Array.from(live.querySelectorAll("a")).find((a) => a.getAttribute("href") === href);
      if (again) again.focus({ preventScroll: true });
    }
    const now = summary();
    if (now !== said) {
      said = now;
      spoken.textContent = now;
    }
  }

  async function look() {
    if (!document.hidden) {
      try {
        const answer = await fetch(live.dataset.refresh, {
          headers: tag ? { "If-None-Match": tag } : {},
          cache: "no-store",
          signal: AbortSignal.timeout(8000),
        });
        if (answer.status === 401) {
          location.reload();
          return;
        }
        if (answer.status === 200) {
          replace(await answer.text());
          tag = answer.headers.get("ETag") || "";
        }
        stale(!answer.ok && answer.status !== 304);
      } catch (e) {
        stale(true);
      }
    }
    setTimeout(look, every);
  }

  said = summary();
  setTimeout(look, every);
})();
