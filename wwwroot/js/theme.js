// Runs before the first paint: puts the theme on <html>, so no frame is ever drawn in the wrong colours.
(() => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const choice = () => localStorage.getItem('theme') ?? 'system';
  const apply = () => {
    const theme = choice() === 'system' ? (dark.matches ? 'dark' : 'light') : choice();
    document.documentElement.dataset.theme = theme;
    document.dispatchEvent(new CustomEvent('themechange', { detail: theme }));
  };
  dark.addEventListener('change', apply);
  window.p2pTheme = {
    choice,
    set(value) {
      localStorage.setItem('theme', value);
      apply();
    },
    isDark: () => document.documentElement.dataset.theme === 'dark',
  };
  apply();
  // Whether single letters act is read by the scripts from <html>.
  const mark = () => { document.documentElement.dataset.shortcuts = /"shortcuts":false/.test(localStorage.getItem('preferences') ?? '') ? 'off' : 'on'; };
  window.p2pPreferences = {
    load: () => localStorage.getItem('preferences'),
    save(text) {
      localStorage.setItem('preferences', text);
      mark();
    },
  };
  mark();
  window.p2pLanguage = {
    set(code) {
      document.cookie = `p2p-language=${code}; path=/; max-age=31536000; samesite=strict`;
      location.reload();
    },
  };
})();
