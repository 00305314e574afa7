// Runs before the first paint, so that a chosen theme does not flash in the other one.
"use strict";
try {
  const theme = localStorage.getItem("rcm-theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's preference holds then.
}
