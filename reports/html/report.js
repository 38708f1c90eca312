"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const details = all("details");
  const filter = document.getElementById("filter");
  const button = document.getElementById("open");
  document.documentElement.classList.add("scripted");
  const unfold = () => {
    const inside = document.getElementById(location.hash.slice(1));
    const closed = inside && inside.closest("details");
    if (closed) {
      closed.open = true;
      closed.scrollIntoView();
    }
  };
  addEventListener("hashchange", unfold);
  unfold();
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = details.filter((one) => !one.open);
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
  });
  if (filter) {
    const found = all("[data-find]").map((one) => [one, one.textContent.toLowerCase()]);
    filter.addEventListener("input", () => {
      const words = filter.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
      for (const [one, text] of found) one.hidden = !words.every((word) => text.includes(word));
    });
  }
  if (button) {
    button.addEventListener("click", () => {
      const matters = all("details.matter");
      const open = matters.some((one) => !one.open);
      for (const one of matters) one.open = open;
    });
  }
})();
