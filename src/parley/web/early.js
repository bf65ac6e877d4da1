// Runs before anything is drawn, so that a chosen theme or language does not flash in late.
(() => {
  const root = document.documentElement;
  let theme = null, language = null;
  try {
    theme = localStorage.getItem("parley.theme");
    language = localStorage.getItem("parley.language");
  } catch { /* storage may be forbidden; the browser's own wishes hold then */ }
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  root.lang = language === "zh" || language === "en" ? language : navigator.language.startsWith("zh") ? "zh" : "en";
})();
